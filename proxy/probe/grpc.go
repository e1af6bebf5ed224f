package probe

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
)

// MaxMessage bounds a gRPC answer, in bytes. A HealthCheckResponse has 2; there is room for fields to come.
const MaxMessage = 4 << 10

// GRPC returns a prober that calls grpc.health.v1.Health/Check (the gRPC health checking protocol) for
// service; "" asks about the server as a whole. Without TLS it speaks HTTP/2 with prior knowledge.
func GRPC(service string) Prober {
	return &grpcProber{call: frame(appendString(nil, 1, service))}
}

type grpcProber struct {
	call []byte // the framed HealthCheckRequest
}

const healthCheck = "/grpc.health.v1.Health/Check"

// http2Only is HTTP/2, by ALPN with TLS and by prior knowledge without.
var http2Only = func() *http.Protocols {
	p := new(http.Protocols)
	p.SetHTTP2(true)
	p.SetUnencryptedHTTP2(true)
	return p
}()

func (p *grpcProber) Probe(ctx context.Context, t Target) error {
	conn, err := t.connect(ctx, http2Only)
	if err != nil {
		return err
	}
	defer conn.Close()

	answer, err := conn.RoundTrip(p.request(ctx, t))
	if err != nil {
		return explain("no answer", err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("HTTP status %d, expected 200", answer.StatusCode)
	}
	message, err := io.ReadAll(io.LimitReader(answer.Body, MaxMessage+1))
	if err != nil {
		return explain("no whole answer", err)
	}
	if len(message) > MaxMessage {
		return fmt.Errorf("an answer of more than %d bytes", MaxMessage)
	}
	if err := checkStatus(answer); err != nil {
		return err
	}
	return checkServing(message)
}

func (p *grpcProber) request(ctx context.Context, t Target) *http.Request {
	req := &http.Request{
		Method: http.MethodPost,
		URL:    &url.URL{Scheme: t.scheme(), Host: t.hostPort(), Path: healthCheck},
		Host:   t.authority(),
		Header: http.Header{
			"Content-Type": {"application/grpc"},
			"Te":           {"trailers"},
			"User-Agent":   {healthAgent},
		},
		Body:          io.NopCloser(bytes.NewReader(p.call)),
		ContentLength: int64(len(p.call)),
	}
	return req.WithContext(ctx)
}

// The gRPC statuses that a health probe has words for.
const (
	statusOK            = "0"
	statusNotFound      = "5"
	statusUnimplemented = "12"
)

// checkStatus reads grpc-status, which is a trailer, or in an answer without a body a header.
func checkStatus(answer *http.Response) error {
	fields := answer.Trailer
	if fields.Get("Grpc-Status") == "" {
		fields = answer.Header
	}
	switch status := fields.Get("Grpc-Status"); status {
	case statusOK:
		return nil
	case "":
		return errors.New("no grpc-status in the answer: not a gRPC server?")
	case statusNotFound:
		return errors.New("the server does not know this service")
	case statusUnimplemented:
		return errors.New("the server does not implement grpc.health.v1.Health")
	default:
		return fmt.Errorf("grpc-status %.16q, message %.128q", status, fields.Get("Grpc-Message"))
	}
}

// servingStatus names HealthCheckResponse.ServingStatus.
var servingStatus = []string{"UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"}

// checkServing reads a framed HealthCheckResponse.
func checkServing(framed []byte) error {
	message, err := unframe(framed)
	if err != nil {
		return err
	}
	status, ok := varintField(message, 1)
	switch {
	case !ok:
		return errors.New("the answer is not a HealthCheckResponse")
	case status == 1:
		return nil
	case status < uint64(len(servingStatus)):
		return errors.New("status " + servingStatus[status] + ", expected SERVING")
	}
	return errors.New("status " + strconv.FormatUint(status, 10) + ", expected SERVING")
}

// prefix is the length of what stands before a message in gRPC over HTTP/2:
// a byte that says whether it is compressed, and its length in 4 bytes.
const prefix = 5

func frame(message []byte) []byte {
	b := binary.BigEndian.AppendUint32([]byte{0}, uint32(len(message)))
	return append(b, message...)
}

func unframe(b []byte) ([]byte, error) {
	switch {
	case len(b) < prefix || uint64(binary.BigEndian.Uint32(b[1:])) != uint64(len(b)-prefix):
		return nil, errors.New("expected one gRPC message in the answer")
	case b[0] != 0:
		return nil, errors.New("the answer is compressed, unasked")
	}
	return b[prefix:], nil
}
