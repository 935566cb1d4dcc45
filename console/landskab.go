package console

import (
	"slices"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
)

// landskabAf is the landscape the caller has told of, or what can be seen of it in abonnementer and sources.
func (c *console) landskabAf(o distributor.Overblik) Landskab {
	if c.Landskab != nil {
		return c.Landskab()
	}
	var ud Landskab
	kendt := map[string]bool{}
	tilfoej := func(navn string) {
		if navn != "" && !kendt[navn] {
			kendt[navn] = true
			ud.Systemer = append(ud.Systemer, System{Navn: navn})
		}
	}
	for _, k := range o.Kilder {
		tilfoej(k.Agent)
		ud.Flows = append(ud.Flows, Flow{Fra: k.Agent, Til: distributor.MOX, Kilde: k.Agent + "/" + k.Navn})
	}
	for _, a := range c.D.Abonnementer() {
		navn := a.System
		if navn == "" {
			navn = string(a.ID)
		}
		tilfoej(navn)
		ud.Flows = append(ud.Flows, Flow{Fra: distributor.MOX, Til: navn, Abonnement: a.ID})
	}
	return ud
}

// stroem is a flow with its figures.
type stroem struct {
	System     string
	Ind        bool // into MOX
	Navn       string
	Kilde      string
	Abonnement mox.AbonnementID
	Laest      int64 // into MOX: records read
	Beskeder   int64 // into MOX: beskeder made
	Fejlposter int64
	Modtager   modtager // out of MOX
}

// nabo is a system and what it exchanges with MOX.
type nabo struct {
	System
	Stroemme []stroem
}

func naboer(l Landskab, o distributor.Overblik, modtagere []modtager) []nabo {
	ud := make([]nabo, 0, len(l.Systemer))
	for _, s := range l.Systemer {
		n := nabo{System: s}
		if !strings.HasPrefix(s.Adresse, "http://") && !strings.HasPrefix(s.Adresse, "https://") {
			n.Adresse = "" // whatever else it is, it is no page to open
		}
		for _, f := range l.Flows {
			if st, ok := stroemAf(f, s.Navn, o, modtagere); ok {
				n.Stroemme = append(n.Stroemme, st)
			}
		}
		slices.SortStableFunc(n.Stroemme, func(a, b stroem) int { return indFoerst(a) - indFoerst(b) })
		ud = append(ud, n)
	}
	return ud
}

func indFoerst(s stroem) int {
	if s.Ind {
		return 0
	}
	return 1
}

// stroemAf is the flow as seen from a system; ok is false when it is not that system's.
func stroemAf(f Flow, system string, o distributor.Overblik, modtagere []modtager) (s stroem, ok bool) {
	switch {
	case f.Abonnement != "" && f.Til == system:
		s = stroem{System: system, Navn: string(f.Abonnement), Abonnement: f.Abonnement}
		i := slices.IndexFunc(modtagere, func(m modtager) bool { return m.ID == f.Abonnement })
		if i < 0 {
			return s, true
		}
		s.Modtager = modtagere[i]
		return s, true
	case f.Abonnement == "" && f.Fra == system:
		s = stroem{System: system, Ind: true, Navn: f.Kilde, Kilde: f.Kilde}
		for _, k := range o.Kilder {
			if k.Agent+"/"+k.Navn == f.Kilde {
				s.Laest, s.Beskeder, s.Fejlposter = k.Laest, k.Beskeder, k.Fejlposter
			}
		}
		if _, navn, skraa := strings.Cut(f.Kilde, "/"); skraa {
			s.Navn = navn
		}
		return s, true
	}
	return s, false
}
