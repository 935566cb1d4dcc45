package app

import (
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
)

// maksDage is how many days a kind can be kept, when it is not without end.
const maksDage = 36500

// bevaring is how long each kind is kept.
func (c *Config) bevaring() (distributor.Bevaring, error) {
	b, x := distributor.StandardBevaring(), c.Bevaring
	for navn, v := range map[string]struct {
		dage *int
		til  *time.Duration
	}{"beskedindhold": {x.Beskedindhold, &b.Indhold}, "metadata": {x.Metadata, &b.Metadata}, "fejl": {x.Fejl, &b.Fejl}, "forsoeg": {x.Forsoeg, &b.Forsoeg},
		"handlinger": {x.Handlinger, &b.Handlinger}, "alarmer": {x.Alarmer, &b.Alarmer}, "dokumenter": {x.Dokumenter, &b.Dokumenter}, "registerbrug": {x.Registerbrug, &b.Registerbrug}} {
		if v.dage == nil {
			continue
		}
		if *v.dage < 0 || *v.dage > maksDage {
			return b, mox.E("config", mox.KodeUgyldig, "bevaring.%s er ikke et antal dage fra 0 til %d: %d", navn, maksDage, *v.dage).Med("skriv hele dage i mox.yaml; 0 er uden ende")
		}
		*v.til = time.Duration(*v.dage) * 24 * time.Hour
	}
	if b.Metadata > 0 && (b.Indhold == 0 || b.Indhold > b.Metadata) {
		return b, mox.E("config", mox.KodeUgyldig, "bevaring.metadata kan ikke være kortere end bevaring.beskedindhold").Med("ret mox.yaml; indholdet slettes før det øvrige")
	}
	return b, nil
}
