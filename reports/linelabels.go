package reports

import (
	"cmp"
	"math"
	"slices"
)

const (
	labelGap  = 14.0 // least distance of labels
	apart     = 9.0  // lines nearer to each other than this are of one bundle
	maxBundle = 3    // a larger bundle is not labelled: nobody could tell which label is whose
)

// lineLabel is a line's place where it is labelled.
type lineLabel struct {
	*series
	y float64
}

// lineLabels names the lines in focus within the plot, at the time where they are
// furthest apart: at the right end, where labels usually go, they have often come together again.
func (p *panel) lineLabels(out *svg, s *subject, c course) {
	var lines [][]point
	var names []*series
	longest := 0.0
	for i := range s.series {
		if v := &s.series[i]; v.focus && len(v.TimeLine) > 0 {
			lines = append(lines, smoothed(p.trace(v.TimeLine, c)))
			names = append(names, v)
			longest = max(longest, textWidth(v.Name))
		}
	}
	at := p.furthestApart(lines, min(longest, maxLineLabel))
	if at < 0 {
		return
	}
	var labels []lineLabel
	for i, line := range lines {
		if at < len(line) && !math.IsNaN(line[at].y) {
			labels = append(labels, lineLabel{names[i], line[at].y})
		}
	}
	labels = loose(labels)
	wanted := make([]float64, len(labels))
	for i := range labels {
		wanted[i] = labels[i].y
	}
	x := lines[0][at].x + 3
	for i, y := range spread(wanted, labelGap, p.top+4, p.bottom-2) {
		v := labels[i]
		out.open("g", "class", v.class("series label"), "data-v", v.key)
		out.leaf("path", "class", "mark", "d", markerPath(v.marker, x+3, y-10, 3.4))
		out.label(x+11, y-6, maxLineLabel, "name halo", v.Name)
		out.shut("g")
	}
}

// smoothing is the number of moments before and after one that its smoothed value is the mean of.
const smoothing = 5

// smoothed returns the line without its noise: where it is labelled should not depend on a spike.
func smoothed(line []point) []point {
	out := make([]point, len(line))
	for i := range line {
		sum, n := 0.0, 0.0
		for _, q := range line[max(0, i-smoothing):min(len(line), i+smoothing+1)] {
			if !math.IsNaN(q.y) {
				sum += q.y
				n++
			}
		}
		out[i] = point{line[i].x, sum / n} // nothing but gaps: NaN
		if math.IsNaN(line[i].y) {
			out[i].y = math.NaN()
		}
	}
	return out
}

// maxLineLabel is the room of a label, in user units.
const maxLineLabel = 150.0

// furthestApart returns the index of a moment at which the lines are well apart: the middle of the longest stretch
// of time in which they are nearly as far apart as they ever are. The label must fit to the right of it. −1: none.
func (p *panel) furthestApart(lines [][]point, room float64) int {
	if len(lines) < 2 {
		return -1
	}
	sums := make([]float64, len(lines[0]))
	most := 0.0
	for i, at := range lines[0] {
		if at.x >= p.left+0.04*(p.right-p.left) && at.x+room+12 <= p.right {
			sums[i] = distance(lines, i)
			most = max(most, sums[i])
		}
	}
	if most < apart {
		return -1
	}
	best, longest := -1, 0
	for from := 0; from < len(sums); from++ {
		to := from
		for to < len(sums) && sums[to] >= nearlyAll*most {
			to++
		}
		if to-from > longest {
			best, longest = (from+to-1)/2, to-from
		}
		from = max(from, to-1)
	}
	return best
}

// nearlyAll is the part of the largest distance that still counts as far apart.
const nearlyAll = 0.8

// distance sums up the gaps between neighbouring lines at moment i; what is more than a label needs counts no more.
func distance(lines [][]point, i int) float64 {
	var ys []float64
	for _, line := range lines {
		if i < len(line) && !math.IsNaN(line[i].y) {
			ys = append(ys, line[i].y)
		}
	}
	slices.Sort(ys)
	sum := 0.0
	for j := 1; j < len(ys); j++ {
		sum += min(ys[j]-ys[j-1], 1.5*labelGap)
	}
	return sum
}

// loose returns the labels, from the top, without those of large bundles.
func loose(labels []lineLabel) []lineLabel {
	slices.SortStableFunc(labels, func(a, b lineLabel) int { return cmp.Compare(a.y, b.y) })
	var out []lineLabel
	for from := 0; from < len(labels); {
		to := from + 1
		for to < len(labels) && labels[to].y-labels[to-1].y < apart {
			to++
		}
		if to-from <= maxBundle {
			out = append(out, labels[from:to]...)
		}
		from = to
	}
	return out
}
