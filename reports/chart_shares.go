package reports

import (
	"html/template"
	"strconv"
)

// groupShades is the number of shades that groups of backends are told apart by, classes g0 to g6.
const groupShades = 7

// shareLines shows how each variant's attempts were divided among the groups of
// backends over time: small plots of stacked areas, one a variant, all alike.
func shareLines(s *subject, l layout) template.HTML {
	if len(s.Groups) < 2 {
		return ""
	}
	across := 4
	if l.narrow {
		across = 2
	}
	const rowHeight, gap = 112.0, 14.0
	top := shareKeyHeight(s, l)
	cellWidth := (l.width - gap*float64(across-1)) / float64(across)
	rows := (len(s.series) + across - 1) / across
	out := drawing(l, top+rowHeight*float64(rows)+6, "Shares of the attempts that each group of backends received over time, one small plot for each variant.")
	shareKey(out, s, l)
	for i := range s.series {
		left := (cellWidth + gap) * float64(i%across)
		p := &panel{left: left + 1, right: left + cellWidth - 1, top: top + rowHeight*float64(i/across) + 20}
		p.bottom = p.top + rowHeight - 44
		p.x = scale{lo: 0, hi: duration(s), from: p.left, to: p.right}
		p.y = scale{lo: 0, hi: 100, from: p.bottom, to: p.top}
		p.shares(out, s, &s.series[i])
	}
	return out.done()
}

func (p *panel) shares(out *svg, s *subject, v *series) {
	out.open("g", "class", "row s "+v.look.class(), "data-v", v.key)
	out.leaf("path", "class", "mark", "d", markerPath(v.marker, p.left+6, p.top-10, 3.6))
	out.label(p.left+16, p.top-6, p.right-p.left-18, "name", v.Name)
	out.rect(p.left, p.top, p.right-p.left, p.bottom-p.top, "frame")
	floor := make([]float64, len(v.TimeLine))
	for g, group := range s.Groups {
		var area, back []point
		for i, m := range v.TimeLine {
			if g >= len(m.GroupShares) {
				continue
			}
			x := p.x.at((m.FromS + m.ToS) / 2)
			back = append(back, point{x, p.y.at(floor[i])})
			floor[i] += clampFinite(m.GroupShares[g], 0)
			area = append(area, point{x, p.y.at(floor[i])})
		}
		if len(area) == 0 {
			continue
		}
		for i := len(back) - 1; i >= 0; i-- {
			area = append(area, back[i])
		}
		out.told(v.Name+", attempts on "+group, "path", "class", "area "+groupClass(g, len(s.Groups)), "d", polyline(area)+"Z")
	}
	for _, c := range s.Changes {
		for _, at := range []float64{c.FromS, c.ToS} {
			if at > 0 && at < p.x.hi {
				out.line(p.x.at(at), p.top, p.x.at(at), p.bottom, "edge")
			}
		}
	}
	out.text(p.left, p.bottom+13, "tick", "0")
	out.text(p.right, p.bottom+13, "tick end", tickLabel(roundTo(p.x.hi, 4))+" s")
	out.shut("g")
}

// groupClass picks the shade of group g of n, as far apart as the ramp allows.
func groupClass(g, n int) string {
	shade := g % groupShades
	if n <= groupShades {
		shade = 1 + g*(groupShades-2)/max(1, n-1)
	}
	return "g" + strconv.Itoa(shade)
}

// shareKey names the shades above the plots, in as many lines as it takes.
func shareKey(out *svg, s *subject, l layout) float64 {
	x, y := 0.0, 6.0
	for g, group := range s.Groups {
		short := truncate(group, 24)
		if need := 18 + textWidth(short) + 14; x+need > l.width && x > 0 {
			x, y = 0, y+18
		}
		if out != nil {
			out.rect(x, y, 12, 11, "area "+groupClass(g, len(s.Groups)))
			out.text(x+17, y+10, "key", short)
		}
		x += 18 + textWidth(short) + 14
	}
	return y + 24
}

func shareKeyHeight(s *subject, l layout) float64 { return shareKey(nil, s, l) }
