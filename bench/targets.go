package bench

import (
	"fmt"
	"net/http"
	"strconv"
	"sync/atomic"

	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/lbctl/lbctl/fakebackends"
	"github.com/lbctl/lbctl/scenarios"
)

// keyHeader carries what hashing policies hash, for whichever balancer is driven.
const keyHeader = "Lbctl-Key"

// targets hands out the requests of a model by number (a vegeta.Targeter).
type targets struct {
	model *scenarios.Model
	urls  []string // by balancer
	next  atomic.Uint64
}

// target fills in the next request.
func (t *targets) target(out *vegeta.Target) error {
	n := t.next.Add(1) - 1
	r := t.model.Request(n)
	balancer := t.model.Balancer(n)
	out.Method = http.MethodGet
	out.URL = t.urls[balancer]
	out.Header = http.Header{
		fakebackends.RequestHeader: {strconv.FormatUint(n, 10)},
		keyHeader:                  {strconv.FormatUint(r.Key, 16)},
		"X-Forwarded-For":          {clientAddress(r.Client)},
	}
	return nil
}

// clientAddress makes an address of a client's hash: one of fd00::/64, which is nobody's (RFC 4193).
func clientAddress(client uint64) string {
	return fmt.Sprintf("fd00::%x:%x:%x:%x", client>>48, client>>32&0xffff, client>>16&0xffff, client&0xffff)
}
