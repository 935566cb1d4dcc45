// Package afproevning runs the trials (afprøvninger): each is a folder of data that says which foreign systems exchange
// what, which faults befall them, and which criteria must hold. A trial runs against simulated systems or, with addresses
// of its own, against a municipality's; what holds is asked of the systems themselves, never of MOX.
package afproevning
