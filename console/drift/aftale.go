package drift

import (
	"net/http"
	"time"

	"github.com/moxkit/mox"
)

// Aftaler is the list of tilslutningsaftaler that hold.
type Aftaler struct {
	Aftaler []Aftalepost `json:"aftaler"`
}

// Aftalepost is one of them.
type Aftalepost struct {
	Navn          string    `json:"aftale"`
	System        string    `json:"system"`
	Dataansvarlig mox.Part  `json:"dataansvarlig"`
	Databehandler mox.Part  `json:"databehandler"`
	Formaal       string    `json:"formaal"`
	Hjemmel       string    `json:"hjemmel"`
	Slettefrist   string    `json:"slettefrist"`
	GyldigFra     time.Time `json:"gyldigFra"`
	GyldigTil     time.Time `json:"gyldigTil,omitzero"` // not included; zero = without end
	IKraft        bool      `json:"i_kraft"`            // now
}

func (a *api) aftaler(r *http.Request) (any, error) {
	if err := laesParametre(r).slut(); err != nil {
		return nil, err
	}
	return aftaleliste(a.D.Aftaler()), nil
}

func aftaleliste(aftaler mox.Aftaler) Aftaler {
	ud, nu := Aftaler{Aftaler: []Aftalepost{}}, time.Now()
	for _, x := range aftaler {
		ud.Aftaler = append(ud.Aftaler, Aftalepost{x.Navn, x.System, x.Dataansvarlig, x.Databehandler, x.Formaal, x.Hjemmel, x.Slettefrist, x.GyldigFra, x.GyldigTil, x.Gaelder(nu)})
	}
	return ud
}

// indlaesAftaler reads the files again, and holds everybody to what they now say.
func (a *api) indlaesAftaler(r *http.Request) (any, error) {
	if err := KunAdministrator(r); err != nil {
		return nil, err
	}
	var k Begrundelse
	if err := laesJSON(r, &k); err != nil {
		return nil, err
	}
	if err := kraev(k.Begrundelse); err != nil {
		return nil, err
	}
	aftaler, err := a.LaesAftaler()
	if err != nil {
		return nil, err
	}
	if err := a.D.SaetAftaler(r.Context(), aftaler, a.hvem(r, k.Begrundelse)); err != nil {
		return nil, err
	}
	return aftaleliste(aftaler), nil
}
