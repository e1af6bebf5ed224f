package scenarios

import (
	"bufio"
	"bytes"
	"cmp"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lbctl/lbctl/config/strict"
)

// replaySpec is the replay: pattern.
type replaySpec struct {
	File    string  `yaml:"file" required:"true" maxlen:"1000" doc:"the log; its path is relative to the scenario file"`
	Format  string  `yaml:"format" required:"true" enum:"combined,csv" doc:"combined: Apache's and NGINX's access log; csv: time_s[,client[,class[,demand_ms]]]"`
	Speedup float64 `yaml:"speedup" min:"0.001" max:"1000000000" doc:"so many times as fast as recorded"`
	Loop    bool    `yaml:"loop" doc:"start again after the last row"`
	Key     string  `yaml:"key" enum:"client,path" doc:"what affinity goes by; a CSV has only clients"`
}

// Defaults replays once, as fast as recorded.
func (s *replaySpec) Defaults() { s.Speedup, s.Key = 1, "client" }

// Check sees to it that there is what affinity goes by.
func (s *replaySpec) Check(r *strict.Reporter) {
	if s.Format == "csv" && s.Key == "path" {
		r.Errorf("key", "a CSV has no paths")
	}
}

func (s *replaySpec) compile(log *accessLog) *replay {
	return &replay{log: log, speedup: s.Speedup, loop: s.Loop}
}

// maxLogErrors is the number of bad lines that are reported before reading stops.
const maxLogErrors = 10

// logReader reads a log row by row and collects what is wrong with it.
type logReader struct {
	file    string
	classes []string
	byPath  bool
	rows    []row
	start   time.Time
	errs    strict.Errors
}

// readLog reads a log. The errors are strict.Errors with the lines of the log.
func readLog(file string, data []byte, s *replaySpec, classes []string) (*accessLog, error) {
	r := &logReader{file: file, classes: classes, byPath: s.Key == "path"}
	switch {
	case len(data) > MaxReplayBytes:
		r.errorf(0, "larger than %d bytes", MaxReplayBytes)
	case s.Format == "csv":
		r.readCSV(data)
	default:
		r.readCombined(data)
	}
	if len(r.rows) == 0 && r.errs == nil {
		r.errorf(0, "no requests in it")
	}
	if r.errs != nil {
		return nil, r.errs
	}
	r.finish(s.Format == "combined")
	return &accessLog{rows: r.rows}, nil
}

func (r *logReader) errorf(line int, format string, args ...any) {
	r.errs = append(r.errs, strict.Error{File: r.file, Line: line, Col: 1, Msg: fmt.Sprintf(format, args...)})
}

// add takes a row; false stops reading.
func (r *logReader) add(line int, w row, err error) bool {
	switch {
	case err != nil:
		r.errorf(line, "%s", err)
	case len(r.rows) == MaxReplayRows:
		r.errorf(line, "more than %d requests", MaxReplayRows)
		return false
	default:
		r.rows = append(r.rows, w)
	}
	return len(r.errs) < maxLogErrors
}

// finish puts the rows in order, counts time from the first, and spreads
// those within a second when the log tells no finer.
func (r *logReader) finish(wholeSeconds bool) {
	slices.SortStableFunc(r.rows, func(a, b row) int { return cmp.Compare(a.at, b.at) })
	first := r.rows[0].at
	for i := range r.rows {
		r.rows[i].at -= first
	}
	for from := 0; wholeSeconds && from < len(r.rows); {
		to := from
		for to < len(r.rows) && r.rows[to].at == r.rows[from].at {
			to++
		}
		for i := from; i < to; i++ {
			r.rows[i].at += time.Second * time.Duration(i-from) / time.Duration(to-from)
		}
		from = to
	}
}

func (r *logReader) readCombined(data []byte) {
	lines := bufio.NewScanner(bytes.NewReader(data))
	lines.Buffer(nil, MaxReplayLine)
	line := 0
	for lines.Scan() {
		line++
		if text := lines.Text(); strings.TrimSpace(text) != "" {
			w, err := r.combined(text)
			if !r.add(line, w, err) {
				return
			}
		}
	}
	if lines.Err() != nil {
		r.errorf(line+1, "a line of more than %d bytes", MaxReplayLine)
	}
}

// combined reads a line such as
//
//	192.0.2.1 - - [17/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 17 "-" "curl"
//
// of which only the client, the time and the path are of use.
func (r *logReader) combined(text string) (row, error) {
	client, rest, _ := strings.Cut(text, " ")
	_, rest, opened := strings.Cut(rest, "[")
	stamp, rest, closed := strings.Cut(rest, "]")
	if client == "" || !opened || !closed {
		return row{}, errors.New(`expected an access log's line: client - user [time] "request" …`)
	}
	at, err := time.Parse("02/Jan/2006:15:04:05 -0700", stamp)
	if err != nil {
		return row{}, fmt.Errorf("expected a time like [17/May/2015:10:05:03 +0000], got [%s]", stamp)
	}
	if r.start.IsZero() {
		r.start = at
	}
	w := row{at: at.Sub(r.start), client: hashName(client), class: -1}
	if r.byPath {
		w.key = hashName(requestPath(rest))
	}
	return w, nil
}

// requestPath returns the path of the quoted request line that follows the time,
// or whatever stands there: what is not HTTP has a key of its own too.
func requestPath(rest string) string {
	_, rest, _ = strings.Cut(rest, `"`)
	request, _, _ := strings.Cut(rest, `"`)
	if fields := strings.Fields(request); len(fields) > 1 {
		path, _, _ := strings.Cut(fields[1], "?")
		return path
	}
	return request
}

func (r *logReader) readCSV(data []byte) {
	in := csv.NewReader(bytes.NewReader(data))
	in.FieldsPerRecord = -1
	in.ReuseRecord = true
	in.TrimLeadingSpace = true
	for first := true; ; first = false {
		fields, err := in.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		var bad *csv.ParseError
		if errors.As(err, &bad) {
			r.errorf(bad.Line, "not valid CSV: %s", bad.Err)
			return
		}
		line, _ := in.FieldPos(0)
		if first && fields[0] == "time_s" {
			continue
		}
		w, err := r.record(fields)
		if !r.add(line, w, err) {
			return
		}
	}
}

// record reads time_s[,client[,class[,demand_ms]]]; an empty field is as good as none.
func (r *logReader) record(fields []string) (row, error) {
	if len(fields) > 4 {
		return row{}, fmt.Errorf("expected at most 4 fields (time_s,client,class,demand_ms), got %d", len(fields))
	}
	field := func(i int) string {
		if i < len(fields) {
			return strings.TrimSpace(fields[i])
		}
		return ""
	}
	w := row{class: -1}
	seconds, err := strconv.ParseFloat(field(0), 64)
	if err != nil || !(math.Abs(seconds) < 1<<32) {
		return row{}, fmt.Errorf("expected a time in seconds, got %q", field(0))
	}
	w.at = time.Duration(math.Round(seconds * 1e9))
	if c := field(1); c != "" {
		w.client = hashName(c)
	}
	if name := field(2); name != "" {
		if w.class = int32(slices.Index(r.classes, name)); w.class < 0 {
			return row{}, errors.New("unknown class: expected " + oneOf(name, r.classes))
		}
	}
	if ms := field(3); ms != "" {
		v, err := strconv.ParseFloat(ms, 64)
		if err != nil || !(v > 0 && v*1e6 <= float64(MaxDemand)) {
			return row{}, fmt.Errorf("expected a demand in milliseconds above 0, got %q", ms)
		}
		w.demand = max(1, time.Duration(math.Round(v*1e6)))
	}
	return w, nil
}
