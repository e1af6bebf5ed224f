package lb

import "github.com/lbctl/lbctl/lb/health"

// EffectKind tells effects apart.
type EffectKind uint8

// The effects.
const (
	StartProbe        EffectKind = iota // the driver must probe Backend and feed a ProbeResult back
	StateChanged                        // Backend went From → To for Reason
	SnapshotPublished                   // picks see snapshot Version from now on
)

// Effect is something that the core wants done or known. Reports and logs are
// made from effects; the core itself never logs.
type Effect struct {
	Kind    EffectKind
	Backend BackendID

	Probe    health.Probe // StartProbe: to be echoed in the ProbeResult
	Deadline Time         // StartProbe: after this the answer no longer counts

	From, To health.State  // StateChanged
	Reason   health.Reason // StateChanged

	Version uint64 // SnapshotPublished
	Panic   bool   // SnapshotPublished: health is disregarded
}
