package oio

import "github.com/moxkit/mox"

// Beskaer is b with the fields that the receiver's agreement names, and whether that took anything away; what was trimmed
// names the agreement in [mox.Besked.Beskaaret]. Where the agreement names no fields for b's objekttype, and where nothing
// is taken away, b is given back byte for byte. An envelope that came whole ([TypeKuvert]) is taken apart: nobody can say
// what the rest of it holds. A Kvittering, Fejlbesked or Sletning keeps its content, which is no registrering.
//
// The error is an [*mox.Error] with [mox.KodeIkkeTilladt] for content that is no registrering in JSON, of which no field
// can be taken away.
func Beskaer(b mox.Besked, a *mox.Aftale) (ud mox.Besked, fjernet bool, err error) {
	if _, skal := a.Felter[b.ObjektType]; !skal {
		return b, false, nil
	}
	ud, fjernet = a.BeskaerMetadata(b)
	if ErKuvert(ud.Indholdstype) {
		fjernet = true
		if ud.Indholdstype, ud.Indhold, err = indholdIKuvert(ud.Indhold); err != nil {
			return b, false, kanIkkeBeskaeres(a)
		}
	}
	if len(ud.Indhold) > 0 && !b.UdenRegistrering() {
		uden, err := beskaerIndhold(&ud, a)
		if err != nil {
			return b, false, err
		}
		fjernet = fjernet || uden
	}
	if !fjernet {
		return b, false, nil
	}
	ud.Beskaaret = a.Navn
	return ud, true, nil
}

func kanIkkeBeskaeres(a *mox.Aftale) error {
	return mox.E("oio.Beskaer", mox.KodeIkkeTilladt, "aftalen %s lader kun nogle felter komme med, og beskedens indhold har ingen form, felter kan tages ud af", a.Navn).
		Med("send registreringen som JSON, eller aftal hele indholdet for objekttypen")
}

// beskaerIndhold takes fields out of b's content, and reports whether there was anything to take.
func beskaerIndhold(b *mox.Besked, a *mox.Aftale) (fjernet bool, err error) {
	v, ok, err := registreringI("oio.Beskaer", b)
	if err != nil || !ok {
		return false, kanIkkeBeskaeres(a)
	}
	var l laesning
	t, id, r := l.registreringBesked(&v)
	if len(l.fejl) > 0 || t != b.ObjektType || id != b.ObjektID {
		return false, kanIkkeBeskaeres(a)
	}
	if r, fjernet = a.Beskaer(t, r); !fjernet {
		return false, nil
	}
	b.Indhold, err = MarshalRegistrering(t, id, r)
	return true, err
}

// indholdIKuvert is the content that an envelope carries. Beskeddata in which no content can be found are an error.
func indholdIKuvert(raa []byte) (indholdstype string, indhold []byte, err error) {
	const op = "oio.Beskaer"
	x, err := laesKuvert(op, raa)
	if err != nil {
		return "", nil, err
	}
	b, err := Koder{}.besked(op, x)
	if err == nil && len(b.Indhold) == 0 && x.rod.under("Beskeddata") != nil {
		err = mox.E(op, mox.KodeUgyldig, "Beskeddata kan ikke læses")
	}
	return b.Indholdstype, b.Indhold, err
}
