package rest

import (
	"net/http"
	"net/url"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/register"
)

// Forskelsvar is what differs between an objekt at fra and at til.
type Forskelsvar struct {
	UUID      mox.ObjektID  `json:"uuid"`
	Fra       Forskelspunkt `json:"fra"`
	Til       Forskelspunkt `json:"til"`
	Forskelle []Feltforskel `json:"forskelle"`
}

// Forskelspunkt is one of the two moments. Without Registreringstid the register did not know the objekt then.
type Forskelspunkt struct {
	Registreringstid string             `json:"registreringstid,omitempty"` // when the registrering in force then began
	Virkningstid     string             `json:"virkningstid"`
	Livscykluskode   mox.LivscyklusKode `json:"livscykluskode,omitempty"`
}

// Feltforskel is one value that is not the same. A side without a value is left out.
type Feltforskel struct {
	Sti string  `json:"sti"` // "egenskaber.titel", "tilstande.fremdrift", "relationer.primaerklasse"
	Fra *string `json:"fra,omitempty"`
	Til *string `json:"til,omitempty"`
}

func (a *api) forskel(k *kald) error {
	fra, til, err := punkterAf(k.URL.Query())
	if err != nil {
		return err
	}
	f, err := a.r.Forskel(k.Context(), k.t(), k.id(), fra, til)
	if err != nil {
		return err
	}
	ud := Forskelsvar{UUID: k.id(), Fra: forskelspunkt(f.Fra), Til: forskelspunkt(f.Til), Forskelle: []Feltforskel{}}
	for _, sti := range f.Stier {
		ud.Forskelle = append(ud.Forskelle, Feltforskel{Sti: sti, Fra: vaerdi(f.Fra, sti), Til: vaerdi(f.Til, sti)})
	}
	return k.svar(http.StatusOK, ud)
}

func forskelspunkt(s register.Set) Forskelspunkt {
	ud := Forskelspunkt{Virkningstid: s.Virkningstid.String()}
	if s.Version != nil {
		ud.Registreringstid, ud.Livscykluskode = mox.Kl(s.Version.FraTidspunkt).String(), s.Version.LivscyklusKode
	}
	return ud
}

func vaerdi(s register.Set, sti string) *string {
	v, ok := s.Vaerdier[sti]
	if !ok {
		return nil
	}
	return &v
}

// punkterAf reads fra and til, of registreringstid, and virkningfra and virkningtil; fra is nil where neither it nor
// virkningfra is given.
func punkterAf(q url.Values) (fra *register.Punkt, til register.Punkt, err error) {
	var f register.Punkt
	p := parametre{}
	for navn, l := range q {
		v := l[len(l)-1]
		switch navn {
		case "fra":
			f.Reg = p.klokken(navn, v)
		case "til":
			til.Reg = p.klokken(navn, v)
		case "virkningfra":
			f.Virk = p.tidspunkt(navn, v)
		case "virkningtil":
			til.Virk = p.tidspunkt(navn, v)
		default:
			p.afvis(navn, "ukendt", "oio 70", "kendes ikke")
		}
	}
	if len(p.fejl) > 0 {
		return nil, til, &mox.Error{Kode: mox.KodeUgyldig, Op: "forskel", Tekst: "parametrene kan ikke bruges", Felter: p.fejl,
			Raad: "brug fra og til for registreringstid, virkningfra og virkningtil for virkningstid"}
	}
	switch {
	case f == register.Punkt{}:
		return nil, til, nil
	case f.Reg.IsZero():
		f.Reg = til.Reg // only the virkningstider differ
	case !f.Virk.Angivet():
		f.Virk = til.Virk
	}
	return &f, til, nil
}
