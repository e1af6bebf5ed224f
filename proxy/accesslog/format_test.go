package accesslog

import (
	"cmp"
	"encoding/json"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func jsonLine(e Entry) string     { return string(appendJSON(nil, &e, new(stamp))) }
func combinedLine(e Entry) string { return string(appendCombined(nil, &e, new(stamp))) }

// entries are requests and their lines in both formats.
var entries = []struct {
	name           string
	entry          Entry
	json, combined string
}{
	{
		"typical", typical(),
		`{"time":"2026-03-09T17:04:05.678Z","id":"6f1c0ae5d2b94c17","listener":"web","client_ip":"203.0.113.9","client_port":54321,` +
			`"method":"GET","host":"shop.example","target":"/catalogue/item?id=4711&page=2","proto":"HTTP/1.1",` +
			`"user_agent":"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0",` +
			`"status":200,"bytes_in":0,"bytes_out":1234,"pick_ms":0.031,"connect_ms":0.000,"first_byte_ms":12.346,"total_ms":13.100,` +
			`"route":"shop.example/catalogue","pool":"shop","attempts":1,"backend":"10.0.0.7:8080","reused":true,"verdict":"success","reason":"fewer in flight"}`,
		`203.0.113.9 - - [09/Mar/2026:17:04:05 +0000] "GET /catalogue/item?id=4711&page=2 HTTP/1.1" 200 1234 "-" ` +
			`"Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"`,
	},
	{
		"no request, over a Unix socket",
		Entry{Start: 999_999_999, Status: 400, Pick: NotReached, Connect: NotReached, FirstByte: NotReached, Total: time.Millisecond, Listener: "unix", Error: "Host is missing"},
		`{"time":"1970-01-01T00:00:00.999Z","listener":"unix","status":400,"bytes_in":0,"bytes_out":0,"total_ms":1.000,"error":"Host is missing"}`,
		`- - - [01/Jan/1970:00:00:00 +0000] "-" 400 0 "-" "-"`,
	},
	{
		"no backend, an address told by another proxy",
		Entry{
			Start: -1, Client: netip.MustParseAddrPort("[fe80::1%eth0]:0"), Method: []byte("POST"), Target: []byte("*"), Proto: "HTTP/1.0", Status: 503, BytesIn: 18446744073709551615,
			Total: 3*time.Hour + 999_500, Pick: 1_000_000_000, Connect: NotReached, FirstByte: NotReached, Route: "r", Pool: "p", Attempts: 2, Verdict: "refused",
		},
		`{"time":"1969-12-31T23:59:59.999Z","client_ip":"fe80::1","method":"POST","target":"*","proto":"HTTP/1.0","status":503,"bytes_in":18446744073709551615,"bytes_out":0,` +
			`"pick_ms":1000.000,"total_ms":10800001.000,"route":"r","pool":"p","attempts":2}`,
		`fe80::1 - - [31/Dec/1969:23:59:59 +0000] "POST * HTTP/1.0" 503 0 "-" "-"`,
	},
	{
		"hostile",
		Entry{
			Start: 0, Method: []byte("GET"), Target: []byte("/\"\\\x00\r\n\x1b[2J\x7f"), Proto: "HTTP/1.1", Host: []byte("bücher.example"), Referer: []byte("\xff\xfe plain \xe2\x80"),
			UserAgent: []byte("\u0085\u2028\u202e\U000E0001😀\uFFFD\" 200"), Status: 200,
		},
		`{"time":"1970-01-01T00:00:00.000Z","method":"GET","host":"bücher.example","target":"/\"\\\u0000\u000D\u000A\u001B[2J\u007F","proto":"HTTP/1.1",` +
			`"referer":"\uFFFD\uFFFD plain \uFFFD\uFFFD","user_agent":"\u0085\u2028\u202E\uDB40\uDC01😀` + "\uFFFD" + `\" 200",` +
			`"status":200,"bytes_in":0,"bytes_out":0,"pick_ms":0.000,"connect_ms":0.000,"first_byte_ms":0.000,"total_ms":0.000}`,
		`- - - [01/Jan/1970:00:00:00 +0000] "GET /\x22\x5C\x00\x0D\x0A\x1B[2J\x7F HTTP/1.1" 200 0 "\xFF\xFE plain \xE2\x80" ` +
			`"\xC2\x85\xE2\x80\xA8\xE2\x80\xAE\xF3\xA0\x80\x81\xF0\x9F\x98\x80\xEF\xBF\xBD\x22 200"`,
	},
}

func TestLines(t *testing.T) {
	for _, c := range entries {
		if got := jsonLine(c.entry); got != c.json+"\n" {
			t.Errorf("%s: got\n%swant\n%s", c.name, got, c.json)
		}
		if got := combinedLine(c.entry); got != c.combined+"\n" {
			t.Errorf("%s: got\n%swant\n%s", c.name, got, c.combined)
		}
	}
}

// TestStampsAreKept for one second and no longer.
func TestStampsAreKept(t *testing.T) {
	var st stamp
	for _, ns := range []int64{0, 1e9 - 1, 1e9, 1e9 + 1, 0, -1} {
		e := Entry{Start: ns}
		want := time.Unix(0, ns).UTC().Format(`{"time":"2006-01-02T15:04:05.000Z"`)
		if got := string(appendJSON(nil, &e, &st)); !strings.HasPrefix(got, want) {
			t.Errorf("%d: got %s, want %s", ns, got, want)
		}
	}
}

func TestLongTextsAreCut(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{strings.Repeat("a", maxText), strings.Repeat("a", maxText)},
		{strings.Repeat("a", maxText+1), strings.Repeat("a", maxText) + "..."},
		{strings.Repeat("a", maxText-1) + "üx", strings.Repeat("a", maxText-1) + "..."},
		{strings.Repeat("\x80", maxText+9), strings.Repeat("\uFFFD", maxText) + "..."},
	} {
		var got struct{ Target string }
		if err := json.Unmarshal([]byte(jsonLine(Entry{Target: []byte(c.text)})), &got); err != nil || got.Target != c.want {
			t.Errorf("%d bytes: got %d bytes, %v", len(c.text), len(got.Target), err)
		}
	}
}

// logged is a JSON line as its readers see it.
type logged struct {
	Time        time.Time
	ID          string
	Listener    string
	ClientIP    netip.Addr `json:"client_ip"`
	ClientPort  uint16     `json:"client_port"`
	Method      string
	Host        string
	Target      string
	Proto       string
	Referer     string
	UserAgent   string `json:"user_agent"`
	Status      int
	BytesIn     uint64  `json:"bytes_in"`
	BytesOut    uint64  `json:"bytes_out"`
	PickMS      float64 `json:"pick_ms"`
	ConnectMS   float64 `json:"connect_ms"`
	FirstByteMS float64 `json:"first_byte_ms"`
	TotalMS     float64 `json:"total_ms"`
	Route       string
	Pool        string
	Attempts    int
	Backend     string
	Reused      bool
	Verdict     string
	Reason      string
	Error       string
}

// FuzzLines holds that a JSON line is one object on one line that says what the
// entry says, and a combined one has its quotes where they belong.
func FuzzLines(f *testing.F) {
	for _, c := range entries {
		e := c.entry
		f.Add(e.Start, int64(e.Total), uint16(e.Status), e.BytesOut, string(e.Method), string(e.Target), string(e.UserAgent), string(e.Referer), e.Backend, e.Error)
	}
	f.Fuzz(func(t *testing.T, start, total int64, status uint16, out uint64, method, target, agent, referer, backend, failure string) {
		e := Entry{
			Start: start, Total: time.Duration(total), Status: int(status), BytesOut: out, Method: []byte(method), Target: []byte(target),
			UserAgent: []byte(agent), Referer: []byte(referer), Backend: backend, Attempts: 1, Error: failure, Proto: "HTTP/1.1",
		}
		checkJSON(t, &e)
		checkCombined(t, &e)
	})
}

func checkJSON(t *testing.T, e *Entry) {
	line := jsonLine(*e)
	body := strings.TrimSuffix(line, "\n")
	if len(body) != len(line)-1 || !utf8.ValidString(body) {
		t.Fatalf("not one line of UTF-8: %q", line)
	}
	for _, r := range body {
		if !strconv.IsPrint(r) {
			t.Fatalf("%U in %q", r, body)
		}
	}
	var got logged
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatalf("%v in %q", err, body)
	}
	want := logged{
		Time: time.UnixMilli(floorDiv(e.Start, 1e6)).UTC(), Method: shown(e.Method), Target: shown(e.Target), UserAgent: shown(e.UserAgent), Referer: shown(e.Referer),
		Proto: "HTTP/1.1", Status: e.Status, BytesOut: e.BytesOut, Attempts: 1, Backend: shown(e.Backend), Error: shown(e.Error),
	}
	if e.Total >= 0 {
		want.TotalMS = float64((uint64(e.Total)+500)/1000) / 1000
	}
	if got != want {
		t.Fatalf("got  %+v\nwant %+v\nin %q", got, want, body)
	}
}

func floorDiv(n, d int64) int64 {
	if n%d < 0 {
		return n/d - 1
	}
	return n / d
}

// shown is what a reader of JSON sees of a text: U+FFFD for each byte that is no UTF-8.
func shown[T text](s T) string { return string([]rune(clipped(s))) }

// clipped is what is logged of a text.
func clipped[T text](s T) string {
	if len(s) > maxText {
		return string(s[:cut(s)]) + cutMark
	}
	return string(s)
}

func checkCombined(t *testing.T, e *Entry) {
	line := combinedLine(*e)
	for i := range len(line) - 1 {
		if c := line[i]; c < ' ' || c > '~' {
			t.Fatalf("byte %d is %q: %q", i, c, line)
		}
	}
	parts := strings.Split(line, `"`)
	if len(parts) != 7 || parts[6] != "\n" || parts[2] != " "+strconv.Itoa(e.Status)+" "+strconv.FormatUint(e.BytesOut, 10)+" " {
		t.Fatalf("the quotes are not where they belong: %q", line)
	}
	request := "-"
	if len(e.Method) > 0 {
		request = clipped(e.Method) + " " + clipped(e.Target) + " HTTP/1.1"
	}
	for i, want := range []string{request, cmp.Or(clipped(e.Referer), "-"), cmp.Or(clipped(e.UserAgent), "-")} {
		if got, err := strconv.Unquote(`"` + parts[1+2*i] + `"`); err != nil || got != want {
			t.Fatalf("got %q, %v, want %q", got, err, want)
		}
	}
}
