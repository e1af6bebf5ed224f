package behaviours_test

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// message is a request as the origin got it, or an answer as the client got it.
type message struct {
	start    string    // request line or status line
	fields   []string  // "Name: value" each, as they came
	body     string    // without its framing
	chunks   string    // with its framing, if chunked
	trailers []string  // of a chunked body
	interim  []message // the 1xx answers that came before this one
}

// ownFields are those that a proxy adds or replaces by its own rules; they have tests of their own.
var ownFields = []string{
	"via", "forwarded", "x-forwarded-for", "x-forwarded-proto", "x-forwarded-host", "x-forwarded-port",
	"x-real-ip", "x-request-id",
}

// values returns the values of all fields of a name.
func (m message) values(name string) []string { return valuesOf(m.fields, name) }

func valuesOf(fields []string, name string) []string {
	var out []string
	for _, f := range fields {
		n, v, _ := strings.Cut(f, ":")
		if strings.EqualFold(n, name) {
			out = append(out, strings.Trim(v, " \t"))
		}
	}
	return out
}

// value returns the values of a name in one line.
func (m message) value(name string) string { return strings.Join(m.values(name), ", ") }

// names tells whether a field or trailer has one of the names.
func (m message) names(names ...string) bool {
	for _, n := range names {
		if len(m.values(n)) > 0 || len(valuesOf(m.trailers, n)) > 0 {
			return true
		}
	}
	return false
}

// others returns the fields that the proxy should not have touched: all without its own.
func (m message) others() []string {
	return slices.DeleteFunc(slices.Clone(m.fields), func(f string) bool {
		n, _, _ := strings.Cut(f, ":")
		return slices.Contains(ownFields, strings.ToLower(n))
	})
}

// spelled returns fields as the proxy spells them: haproxy writes names in lower case.
func spelled(fields ...string) []string {
	if *peer != "haproxy" {
		return fields
	}
	var out []string
	for _, f := range fields {
		name, value, _ := strings.Cut(f, ":")
		out = append(out, strings.ToLower(name)+":"+value)
	}
	return out
}

// status returns the status of an answer.
func (m message) status() int {
	n, _ := strconv.Atoi(strings.Fields(m.start + " ? ?")[1])
	return n
}

// target returns the target of a request.
func (m message) target() string { return strings.Fields(m.start + " ? ?")[1] }

// request reads a whole request.
func (c *conn) request() message {
	c.t.Helper()
	m, err := c.readRequest()
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

// head reads the head of a message and leaves its body.
func (c *conn) head() message {
	c.t.Helper()
	m, err := c.readHead()
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

// answer reads a whole answer to GET, and the 100s before it.
func (c *conn) answer() message {
	c.t.Helper()
	return c.answerTo("GET")
}

func (c *conn) answerTo(method string) message {
	c.t.Helper()
	m, err := c.readAnswer(method)
	if err != nil {
		c.t.Fatal(err)
	}
	return m
}

// wants reads a whole answer to GET and wants its status to be one of those.
func (c *conn) wants(status ...int) message {
	c.t.Helper()
	m := c.answer()
	if !slices.Contains(status, m.status()) {
		c.t.Fatalf("%s got %q, expected one of %v", c.who, m.start, status)
	}
	return m
}

func (c *conn) readRequest() (message, error) {
	m, err := c.readHead()
	if err != nil {
		return m, err
	}
	return m, c.readBody(&m)
}

// readBody reads the body of a request whose head has been read.
func (c *conn) readBody(m *message) error {
	switch {
	case len(m.values("Transfer-Encoding")) > 0:
		return c.readChunks(m)
	case len(m.values("Content-Length")) > 0:
		return c.readLength(m)
	}
	return nil
}

func (c *conn) readAnswer(method string) (message, error) {
	var interim []message
	for {
		m, err := c.readHead()
		if err != nil {
			return m, err
		}
		if s := m.status(); s >= 100 && s < 200 && s != 101 {
			interim = append(interim, m)
			continue
		}
		m.interim = interim
		return m, c.readAnswerBody(method, &m)
	}
}

func (c *conn) readAnswerBody(method string, m *message) error {
	s := m.status()
	switch {
	case method == "HEAD" || s == 101 || s == 204 || s == 304:
		return nil
	case len(m.values("Transfer-Encoding")) > 0:
		return c.readChunks(m)
	case len(m.values("Content-Length")) > 0:
		return c.readLength(m)
	}
	for c.more() == nil {
	}
	m.body = c.cut(len(c.got))
	return nil
}

func (c *conn) readLength(m *message) error {
	n, err := strconv.Atoi(m.value("Content-Length"))
	if err != nil {
		return fmt.Errorf("%s: Content-Length: %w", c.who, err)
	}
	m.body, err = c.readN(n)
	return err
}

// sizeLine is a chunk's first line; extensions are of one hop and must not be passed on.
var sizeLine = regexp.MustCompile(`^[0-9A-Fa-f]{1,16}\r\n$`)

func (c *conn) readChunks(m *message) error {
	var body, raw strings.Builder
	defer func() { m.body, m.chunks = body.String(), raw.String() }()
	for {
		line, err := c.readThrough("\r\n")
		if err != nil {
			return err
		}
		raw.WriteString(line)
		if !sizeLine.MatchString(line) {
			return fmt.Errorf("%s: line of a chunk %s", c.who, short(line))
		}
		size, err := strconv.ParseInt(strings.TrimSpace(line), 16, 32)
		if err != nil {
			return fmt.Errorf("%s: %w", c.who, err)
		}
		if size == 0 {
			break
		}
		data, err := c.readN(int(size) + 2)
		if err != nil {
			return err
		}
		raw.WriteString(data)
		if !strings.HasSuffix(data, "\r\n") {
			return fmt.Errorf("%s: chunk %s does not end in CRLF", c.who, short(data))
		}
		body.WriteString(data[:size])
	}
	for {
		line, err := c.readThrough("\r\n")
		if err != nil {
			return err
		}
		raw.WriteString(line)
		if line == "\r\n" {
			return nil
		}
		if err := checkField(line); err != nil {
			return fmt.Errorf("%s: trailer: %w", c.who, err)
		}
		m.trailers = append(m.trailers, strings.TrimSuffix(line, "\r\n"))
	}
}

// readHead reads a head, and refuses any that leaves room for two readings: whatever a proxy is
// given, what it passes on must be beyond doubt.
func (c *conn) readHead() (message, error) {
	raw, err := c.readThrough("\r\n\r\n")
	if err != nil {
		return message{}, err
	}
	lines := strings.SplitAfter(strings.TrimSuffix(raw, "\r\n"), "\r\n")
	lines = lines[:len(lines)-1]
	m := message{start: strings.TrimSuffix(lines[0], "\r\n")}
	if !startLine.MatchString(m.start) {
		return m, fmt.Errorf("%s got the first line %s", c.who, short(m.start))
	}
	if strings.HasSuffix(m.start, " HTTP/1.0") && *peer != "haproxy" { // which passes the client's version on
		return m, fmt.Errorf("%s got %q, expected the proxy's own version", c.who, m.start)
	}
	for _, line := range lines[1:] {
		if err := checkField(line); err != nil {
			return m, fmt.Errorf("%s: %w, in %s", c.who, err, short(raw))
		}
		m.fields = append(m.fields, strings.TrimSuffix(line, "\r\n"))
	}
	return m, m.checkFraming()
}

var (
	startLine = regexp.MustCompile(`^([!#$%&'*+.^_|~0-9A-Za-z` + "`" + `-]+ [^\x00-\x20#\x7f-\xff]+ HTTP/1\.[01]|HTTP/1\.[01] [1-9][0-9][0-9]( [^\x00-\x08\x0a-\x1f\x7f]*)?)$`)
	fieldLine = regexp.MustCompile(`^[!#$%&'*+.^_|~0-9A-Za-z` + "`" + `-]+:[^\x00-\x08\x0a-\x1f\x7f]*\r\n$`)
)

func checkField(line string) error {
	if !fieldLine.MatchString(line) {
		return fmt.Errorf("field %s is malformed", short(line))
	}
	return nil
}

func (m message) checkFraming() error {
	length, coding := m.values("Content-Length"), m.values("Transfer-Encoding")
	switch {
	case len(length)+len(coding) > 1:
		return fmt.Errorf("%q has the framing fields %q and %q", m.start, length, coding)
	case len(length) == 1 && strings.Trim(length[0], "0123456789") != "", len(length) == 1 && length[0] == "":
		return fmt.Errorf("%q has Content-Length %q", m.start, length[0])
	case len(coding) == 1 && !strings.EqualFold(coding[0], "chunked"):
		return fmt.Errorf("%q has Transfer-Encoding %q", m.start, coding[0])
	}
	return nil
}
