package bench

import (
	"context"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/lbctl/lbctl/fakebackends"
	"github.com/lbctl/lbctl/measure"
)

// answers is a balancer that answers tries by a script: a status, "=" before the status for one that a backend
// signed, "hang", "refuse" or "reset".
type answers struct {
	script []string
	visits *visits
	mu     sync.Mutex
	tries  []string // the attempts' numbers as they were sent
}

func (a *answers) RoundTrip(req *http.Request) (*http.Response, error) {
	a.mu.Lock()
	try := len(a.tries)
	a.tries = append(a.tries, req.Header.Get(fakebackends.AttemptHeader))
	a.mu.Unlock()
	word := a.script[min(try, len(a.script)-1)]
	switch word {
	case "hang":
		<-req.Context().Done()
		return nil, req.Context().Err()
	case "refuse":
		return nil, syscall.ECONNREFUSED
	case "reset":
		return nil, io.ErrUnexpectedEOF
	}
	text, signed := strings.CutPrefix(word, "=")
	if text, arrived := strings.CutSuffix(text, "!"); arrived || signed {
		a.visits.add(visitKey{0, try}, visit{backend: 1, service: time.Microsecond})
		word = text
	}
	status, err := strconv.Atoi(strings.Trim(word, "="))
	if err != nil {
		return nil, err
	}
	h := http.Header{}
	if signed {
		h.Set(fakebackends.BackendHeader, "b")
	}
	return &http.Response{StatusCode: status, Header: h, Body: http.NoBody}, nil
}

// play makes request 0 of a scenario whose clients are said, against scripted answers.
func play(t *testing.T, clients string, over context.Context, script ...string) (*measure.Run, *answers) {
	t.Helper()
	sc := scenarioOf(t, "duration: 10s\narrivals: {poisson: {rate_rps: 50}}\nbackends: [{name: a}, {name: b}]\nclients: {"+clients+"}\n")
	m := sc.Model(1)
	c := &client{
		model: m, retries: m.Retries(), schedule: schedule{0}, clock: clock{time.Now()}, over: over,
		journal: new(journal), visits: newVisits(), refusals: newRefusals(m), sent: make([]time.Duration, 1), path: make([]time.Duration, 1),
	}
	base := &answers{script: script, visits: c.visits}
	c.base = base
	req, err := http.NewRequest(http.MethodGet, "http://test/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set(fakebackends.RequestHeader, "0")
	c.journal.add(entry{note: noteStart})
	if _, err := c.RoundTrip(req); err != nil {
		t.Fatal(err)
	}
	r := recorder()
	run := r.Finish(c.journal.tell(r, c.clock) + 1)
	if known := c.path[0] != 0; known != (script[0] == "=200") {
		t.Errorf("the way is known: %v", known)
	}
	if !run.Little.Holds || run.Requests != 1 {
		t.Fatalf("%d requests, Little's law holds: %v", run.Requests, run.Little.Holds)
	}
	return run, base
}

func TestEndings(t *testing.T) {
	const once = "deadline: 1m"
	const twice = "deadline: 1m, retries: {max: 1, backoff: 1ms, on: [failed, timed_out, refused]}"
	for name, c := range map[string]struct {
		clients string
		script  []string
		want    measure.Ending
		retries uint64
	}{
		"answered":                 {once, []string{"=200"}, measure.OK, 0},
		"failed":                   {once, []string{"=500"}, measure.Failed, 0},
		"full":                     {once, []string{"=503"}, measure.Rejected, 0},
		"no backend":               {once, []string{"503"}, measure.NoBackend, 0},
		"lost the backend":         {once, []string{"502!"}, measure.Reset, 0},
		"no connection":            {once, []string{"502"}, measure.Refused, 0},
		"balancer gave up":         {once, []string{"504"}, measure.TimedOut, 0},
		"odd answer":               {once, []string{"404"}, measure.Failed, 0},
		"lost the balancer":        {once, []string{"reset"}, measure.Reset, 0},
		"no balancer":              {once, []string{"refuse"}, measure.Refused, 0},
		"retried":                  {twice, []string{"=500", "=200"}, measure.OK, 1},
		"retried in vain":          {twice, []string{"=500", "=500"}, measure.Failed, 1},
		"not to be retried":        {twice, []string{"=503", "=200"}, measure.Rejected, 0},
		"time-out retried":         {"deadline: 1m, retries: {max: 1, backoff: 1ms, attempt_timeout: 200ms}", []string{"hang", "=200"}, measure.OK, 1},
		"deadline":                 {"deadline: 5ms", []string{"hang"}, measure.TimedOut, 0},
		"deadline within back-off": {"deadline: 5ms, retries: {max: 3, backoff: 1h}", []string{"=500"}, measure.TimedOut, 0},
		"deadline in a retry":      {"deadline: 500ms, retries: {max: 3, backoff: 1ms, jitter_pct: 0}", []string{"=500", "hang"}, measure.TimedOut, 1},
	} {
		t.Run(name, func(t *testing.T) {
			run, base := play(t, c.clients, context.Background(), c.script...)
			if run.Endings[c.want] != 1 || run.Retries != c.retries {
				t.Errorf("ended %v after %d retries, want %v after %d", run.Endings, run.Retries, c.want, c.retries)
			}
			for try, sent := range base.tries {
				if want := strconv.Itoa(try); sent != want && !(try == 0 && sent == "") {
					t.Errorf("try %d was numbered %q", try, sent)
				}
			}
		})
	}
}

// TestTimeOutCountsAsTheDeadline: a client that has waited until its deadline has waited just so long, whatever it takes to
// tell it so.
func TestTimeOutCountsAsTheDeadline(t *testing.T) {
	run, _ := play(t, "deadline: 5ms", context.Background(), "hang")
	if got := run.Values[measure.MaxMS]; got != 5 {
		t.Errorf("waited %g ms, want 5", got)
	}
}

func TestRunThatIsOver(t *testing.T) {
	over, cancel := context.WithCancel(context.Background())
	time.AfterFunc(time.Millisecond, cancel)
	if run, _ := play(t, "deadline: 0s", over, "hang"); run.Endings[measure.Unfinished] != 1 {
		t.Errorf("ended %v", run.Endings)
	}
	over, cancel = context.WithCancel(context.Background())
	time.AfterFunc(time.Millisecond, cancel)
	run, _ := play(t, "deadline: 0s, retries: {max: 3, backoff: 1h}", over, "=500")
	if run.Endings[measure.Unfinished] != 1 || run.Retries != 0 {
		t.Errorf("ended %v after %d retries", run.Endings, run.Retries)
	}
}

func TestRequestsThatCouldNotBeSent(t *testing.T) {
	c := &client{schedule: schedule{0, 1, 2}, clock: clock{time.Now().Add(-time.Second)}, journal: new(journal), sent: make([]time.Duration, 3)}
	for _, due := range c.schedule {
		c.journal.add(entry{at: due, note: noteStart})
	}
	c.journal.add(entry{at: 5, note: noteEnd, start: 0, ending: measure.OK})
	c.giveUp(1)
	r := recorder()
	run := r.Finish(c.journal.tell(r, c.clock))
	if run.Endings[measure.OK] != 1 || run.Endings[measure.Unfinished] != 2 || !run.Little.Holds {
		t.Errorf("endings %v, Little's law holds: %v", run.Endings, run.Little.Holds)
	}
	if c.sent[0] != 0 || c.sent[1] < time.Second {
		t.Errorf("late by %v", c.sent)
	}
}

func TestRequestsWithoutANumberAreRefused(t *testing.T) {
	c := &client{schedule: schedule{0}}
	for _, number := range []string{"", "1", "x", "-1"} {
		req := &http.Request{Header: http.Header{fakebackends.RequestHeader: {number}}}
		if _, err := c.RoundTrip(req); err == nil {
			t.Errorf("request %q was made", number)
		}
	}
}
