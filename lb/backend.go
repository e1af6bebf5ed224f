package lb

import (
	"sync/atomic"

	"github.com/lbctl/lbctl/lb/rng"
)

// MaxBackends bounds a pool.
const MaxBackends = 1 << 14

// MinWeight and MaxWeight bound a weight, configured or effective. Any product, sum over a pool or ratio
// that a policy makes of such weights is far from overflow.
const (
	MinWeight = 1e-9
	MaxWeight = 1e9
)

// BackendID names a backend within one pool. IDs count from 0 in the order of
// addition and are never used again.
type BackendID uint32

// Spec describes a backend to be added.
type Spec struct {
	Name   string  // unique in the pool
	Weight float64 // relative capacity, MinWeight…MaxWeight
}

// Backend is one target. Its identity is fixed; its in-flight count is shared
// by all snapshots that hold it.
type Backend struct {
	name string
	hash uint64

	_        [64]byte // keeps neighbours' counts off this cache line
	inflight atomic.Int32
	id       BackendID // beside inflight, since who reads the one soon reads the other
	_        [56]byte
}

func newBackend(id BackendID, name string) *Backend {
	return &Backend{id: id, name: name, hash: rng.Hash(name)}
}

// ID returns the backend's number in its pool.
func (b *Backend) ID() BackendID { return b.id }

// Name returns the backend's name.
func (b *Backend) Name() string { return b.name }

// Hash returns a stable 64-bit hash of the name; hashing policies build their tables from it, so that
// every balancer that knows the same names makes the same choice.
func (b *Backend) Hash() uint64 { return b.hash }

// InFlight returns how many of this balancer's attempts are outstanding.
func (b *Backend) InFlight() int { return int(b.inflight.Load()) }
