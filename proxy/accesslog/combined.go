package accesslog

import "strconv"

// appendCombined appends e as a line in the combined format of Apache and
// nginx: client, two names that nobody uses, time, request line, status, bytes
// of the answer's body, referer and user agent.
func appendCombined(dst []byte, e *Entry, st *stamp) []byte {
	if e.Client.IsValid() {
		dst = e.Client.Addr().WithZone("").AppendTo(dst)
	} else {
		dst = append(dst, '-')
	}
	dst = append(dst, " - - ["...)
	second, _ := split(e.Start)
	dst = append(dst, st.of(second, commonLayout)...)
	dst = append(dst, `] "`...)
	if len(e.Method) == 0 {
		dst = append(dst, '-')
	} else {
		dst = appendText(dst, e.Method, escapeHex)
		dst = append(dst, ' ')
		dst = appendText(dst, e.Target, escapeHex)
		dst = append(dst, ' ')
		dst = appendText(dst, e.Proto, escapeHex)
	}
	dst = append(dst, `" `...)
	dst = strconv.AppendInt(dst, int64(e.Status), 10)
	dst = append(dst, ' ')
	dst = strconv.AppendUint(dst, e.BytesOut, 10)
	dst = appendQuoted(dst, ` "`, e.Referer)
	dst = appendQuoted(dst, ` "`, e.UserAgent)
	return append(dst, '\n')
}

// appendQuoted appends a text in quotes; a dash stands for none.
func appendQuoted(dst []byte, open string, s []byte) []byte {
	dst = append(dst, open...)
	if len(s) == 0 {
		return append(dst, '-', '"')
	}
	dst = appendText(dst, s, escapeHex)
	return append(dst, '"')
}
