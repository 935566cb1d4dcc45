// Package mox is the vocabulary of MOX and its pure rules: what an objekt, a registrering, a besked, an abonnement, a
// leverance and a kvittering are, and what may happen to them.
//
// It imports only the standard library, does no I/O, and has no clock: time is always an argument. Domain words are the
// standard's own, ASCII-folded; machinery words are English.
//
//	record in system A ─► agent A ─► Besked ─► Accept: besked + one Leverance per matching Abonnement, one transaction
//	                                              │
//	                                              ▼
//	             Claim (attempt written first) ─► carrier: agent B, push, pull, AMQP ─► Done: outcome, Kvittering
package mox
