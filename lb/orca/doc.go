// Package orca reads and writes what a backend says of its own load, as text
// in an answer: the endpoint-load-metrics header of ORCA (Open Request Cost
// Aggregation: gRPC proposal A51; the report's fields are xds.data.orca.v3.OrcaLoadReport,
// the header's formats are Envoy's).
//
// ORCA has fields of its own for utilizations and rates, which no policy here
// reads, and named_metrics for what an application adds. The three metrics of
// [lb.Report] are named metrics:
//
//	endpoint-load-metrics: TEXT named_metrics.in_flight=3,named_metrics.latency_s=0.012,named_metrics.service_s=0.008
//	endpoint-load-metrics: JSON {"named_metrics":{"in_flight":3,"latency_s":0.012,"service_s":0.008}}
//
// in_flight must be there: without it a report would read as "idle". The
// others may be missing, or 0, which says that they are unknown. Metrics of other names are ignored. The
// third format, "BIN" (protobuf in base64), is not read.
//
// Floor 3. It may import lb; like all of the core it must never import
// anything that knows a clock, a socket, a file or a goroutine.
package orca
