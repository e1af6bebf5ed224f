// Package config holds the pool: block, the one configuration that the lab and
// production share: a scenario embeds it, a server embeds it, tuning writes it.
// Copying a tuned block from one to the other is copying text.
//
// Floor 4. It imports lb, lb/policy and lb/health to say what a pool is made of,
// and config/strict to be read; it must never import a scenario or a driver.
package config
