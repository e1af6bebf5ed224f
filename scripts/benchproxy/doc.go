// Command benchproxy measures lbctl beside other proxies on the machine at hand: CPU time per request
// (make bench-proxy) and memory per idle connection (make bench-idle). docs/bench-proxy.md says what
// is measured, what is not, and why the comparison is fair.
//
// Floor 8. It knows every proxy, lbctl's too, only as a process with a configuration file and an
// address, so that it cannot favour one. It must never import the proxy, and nothing may import it.
package main
