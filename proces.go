package mox

import (
	"slices"
	"time"
)

// Proces defines a MOX-proces: what starts it, what ends it, and who must have answered. It is the unit that the
// business case counts. spec: mox 59
type Proces struct {
	Navn    string         `json:"navn"`
	Start   Filter         `json:"start"`
	Slut    Filter         `json:"slut"`
	SvarFra []AbonnementID `json:"svar_fra"` // whose slutbesked is awaited; none = every abonnement the startbesked matched
	Frist   time.Duration  `json:"frist"`    // 0 = none
}

// ProcesTilstand is where an instance of a Proces stands.
type ProcesTilstand string

// The states of an instance.
const (
	ProcesIgang     ProcesTilstand = "igang"
	ProcesAfsluttet ProcesTilstand = "afsluttet" // every awaited slutbesked has come
	ProcesFejlet    ProcesTilstand = "fejlet"    // one was a fejlbesked, and none is open
	ProcesUdloebet  ProcesTilstand = "udloebet"  // the frist passed first
)

// ProcesTilstande are the states of an instance, in the order they are shown.
func ProcesTilstande() []ProcesTilstand {
	return []ProcesTilstand{ProcesAfsluttet, ProcesIgang, ProcesUdloebet, ProcesFejlet}
}

// procesRum is the namespace of procesIDs that MOX assigns: UUIDv5(URL namespace, "https://mox.example/proces").
const procesRum = "6f5cd192-4205-5e76-a65e-3c8ef90fc371"

// ProcesIDFor is the procesID that Accept gives a startbesked whose sender gave none. It can be computed by anyone.
func ProcesIDFor(proces string, besked BeskedID) string {
	return UUIDv5(procesRum, proces+"\n"+string(besked))
}

// ProcesSvar is one awaited answer of an instance.
type ProcesSvar struct {
	Abonnement AbonnementID
	Slut       bool // the slutbesked has come
	Fejl       bool // a fejlbesked has come
}

// ProcesStaar is the state of an instance with these answers.
func ProcesStaar(svar []ProcesSvar) ProcesTilstand {
	aaben := slices.ContainsFunc(svar, func(s ProcesSvar) bool { return !s.Slut && !s.Fejl })
	fejl := slices.ContainsFunc(svar, func(s ProcesSvar) bool { return s.Fejl && !s.Slut })
	switch {
	case aaben || len(svar) == 0:
		return ProcesIgang
	case fejl:
		return ProcesFejlet
	}
	return ProcesAfsluttet
}
