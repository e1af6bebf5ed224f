// Package admin answers on the admin listener: is the process alive and ready,
// what does it measure, who are its backends, why were they picked; and it takes
// orders: drain, undrain, weight, reload.
//
// There are no passwords, so the listener belongs on loopback. Browsers reach
// that, too, on behalf of any page: orders from other origins are refused, and so
// are names that a page has made point to loopback.
//
// Floor 7. It imports the engine for the types of what it shows; it must never
// open a socket or a file.
package admin
