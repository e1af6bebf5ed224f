package accesslog

import "strconv"

// appendJSON appends e as one JSON object and a line's end.
func appendJSON(dst []byte, e *Entry, st *stamp) []byte {
	second, ms := split(e.Start)
	dst = append(dst, `{"time":"`...)
	dst = append(dst, st.of(second, isoLayout)...)
	dst = append(append3(append(dst, '.'), ms), 'Z', '"')
	dst = appendMember(dst, `,"id":"`, e.RequestID)
	dst = appendMember(dst, `,"listener":"`, e.Listener)
	if e.Client.IsValid() {
		dst = append(dst, `,"client_ip":"`...)
		dst = e.Client.Addr().WithZone("").AppendTo(dst)
		dst = append(dst, '"')
		if port := e.Client.Port(); port != 0 { // told by another proxy: unknown
			dst = appendNumber(dst, `,"client_port":`, uint64(port))
		}
	}
	dst = appendMember(dst, `,"method":"`, e.Method)
	dst = appendMember(dst, `,"host":"`, e.Host)
	dst = appendMember(dst, `,"target":"`, e.Target)
	dst = appendMember(dst, `,"proto":"`, e.Proto)
	dst = appendMember(dst, `,"referer":"`, e.Referer)
	dst = appendMember(dst, `,"user_agent":"`, e.UserAgent)
	dst = append(dst, `,"status":`...)
	dst = strconv.AppendInt(dst, int64(e.Status), 10)
	dst = appendNumber(dst, `,"bytes_in":`, e.BytesIn)
	dst = appendNumber(dst, `,"bytes_out":`, e.BytesOut)
	dst = appendPhase(dst, `,"pick_ms":`, e.Pick)
	dst = appendPhase(dst, `,"connect_ms":`, e.Connect)
	dst = appendPhase(dst, `,"first_byte_ms":`, e.FirstByte)
	dst = appendPhase(dst, `,"total_ms":`, e.Total)
	dst = appendRoute(dst, e)
	dst = appendMember(dst, `,"error":"`, e.Error)
	return append(dst, '}', '\n')
}

// appendRoute appends which way the request went, and why.
func appendRoute(dst []byte, e *Entry) []byte {
	dst = appendMember(dst, `,"route":"`, e.Route)
	dst = appendMember(dst, `,"pool":"`, e.Pool)
	if e.Attempts == 0 {
		return dst
	}
	dst = appendNumber(dst, `,"attempts":`, uint64(e.Attempts))
	if e.Backend == "" {
		return dst
	}
	dst = appendMember(dst, `,"backend":"`, e.Backend)
	dst = append(dst, `,"reused":`...)
	dst = strconv.AppendBool(dst, e.Reused)
	dst = appendMember(dst, `,"verdict":"`, e.Verdict)
	return appendMember(dst, `,"reason":"`, e.Reason)
}

// appendMember appends a text after key, which ends in the text's opening
// quote, unless the text is empty.
func appendMember[T text](dst []byte, key string, s T) []byte {
	if len(s) == 0 {
		return dst
	}
	dst = append(dst, key...)
	dst = appendText(dst, s, escapeJSON)
	return append(dst, '"')
}

func appendNumber(dst []byte, key string, n uint64) []byte {
	dst = append(dst, key...)
	return strconv.AppendUint(dst, n, 10)
}
