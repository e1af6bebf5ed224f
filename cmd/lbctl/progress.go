package main

import (
	"io"
	"time"

	"github.com/schollz/progressbar/v3"
)

// progress shows how far a long command has come, on terminals only.
type progress struct {
	w     io.Writer
	title string
	bar   *progressbar.ProgressBar // nil: quiet, or not begun
	quiet bool
}

func newProgress(w io.Writer, title string) *progress {
	_, tty := terminal(w)
	return &progress{w: w, title: title, quiet: !tty || dumb()}
}

// set shows that done of total steps are finished.
func (p *progress) set(done, total int) {
	if p.quiet {
		return
	}
	if p.bar == nil {
		p.bar = progressbar.NewOptions(total,
			progressbar.OptionSetWriter(p.w),
			progressbar.OptionSetDescription(p.title),
			progressbar.OptionShowCount(),
			progressbar.OptionSetPredictTime(true),
			progressbar.OptionSetWidth(30),
			progressbar.OptionThrottle(100*time.Millisecond),
			progressbar.OptionClearOnFinish(),
		)
	}
	_ = p.bar.Set(done) // a progress bar that cannot be drawn is no reason to stop
}

// done takes the bar away.
func (p *progress) done() {
	if p.bar != nil {
		_ = p.bar.Clear()
	}
}
