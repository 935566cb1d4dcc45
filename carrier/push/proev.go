package push

import (
	"context"
	"net/http"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/oio"
)

// Headers by which a receiver agrees to be called (CloudEvents HTTP 1.1 Web Hooks 1.0.2, section 4).
const (
	headerOprindelse = "WebHook-Request-Origin"
	headerTilladt    = "WebHook-Allowed-Origin"
)

// TypeProeve is the beskedtype of the test event that [Proev] sends.
const TypeProeve = "Proeve"

// Proev asks the receiver of a whether it agrees to be called, before the abonnement is opened:
//
//   - For the CloudEvents forms by OPTIONS with WebHook-Request-Origin; an answer whose WebHook-Allowed-Origin is that
//     name or "*" is a yes. MOX asks for no rate and keeps none: a receiver slows it down by 429 with Retry-After.
//   - A receiver that does not say yes in that way, and every receiver of modtagbesked, gets a signed besked of type
//     [TypeProeve], which is about no person, in the form of the abonnement: accepting it is a yes.
//
// The error is an [*mox.Error]: [mox.KodeUgyldig] when the address may not be called, [mox.KodeUtilgaengelig] when there is
// no answer or one that may change, [mox.KodeIkkeTilladt] when the receiver does not agree.
func Proev(ctx context.Context, a mox.Abonnement, o Options) error {
	if a.Carrier != mox.CarrierPush || a.Push == nil {
		return mox.E("proev", mox.KodeUgyldig, "abonnementet %q leveres ikke ved push", a.ID).Med("angiv en push-adresse")
	}
	k := nyKlient(o.medStandard())
	defer k.luk()
	if a.Push.Form != mox.FormModtagBesked {
		s, f := k.send(ctx, http.MethodOptions, a.Push.URL, Kald{Header: http.Header{headerOprindelse: {k.o.Oprindelse}}})
		if f != nil {
			return proevfejl(levering{udfald: f.udfald()})
		}
		if ja := s.header.Get(headerTilladt); ja == "*" || strings.EqualFold(ja, k.o.Oprindelse) {
			return nil
		}
	}
	return proevfejl(k.lever(ctx, &a, proeve(a.ID, k.o)))
}

// proeve is a leverance of the test event.
func proeve(id mox.AbonnementID, o Options) distributor.Arbejde {
	b := mox.Besked{ID: mox.BeskedID(mox.NyUUID()), Type: TypeProeve, Handling: TypeProeve, ObjektID: mox.ObjektID(mox.NyUUID()), ObjektType: mox.Sag, Aktoer: mox.NyUUID(),
		Registreringstid: o.nu(), Dannet: o.nu(), Kildesystem: distributor.MOX, Indholdstype: oio.TypeJSON, Indhold: []byte(`{"proeve":true}`)}.MedStandard()
	return distributor.Arbejde{Forsoeg: 1, Omgang: 1, Noegle: string(b.ID) + "." + string(id) + ".1", Besked: b}
}

func proevfejl(l levering) error {
	e := &mox.Error{Op: "proev", Kode: mox.KodeIkkeTilladt, Tekst: "modtageren har ikke sagt ja til at blive kaldt",
		Raad: "få modtageren til at svare på OPTIONS med " + headerTilladt + ", eller tage imod en besked af typen " + TypeProeve}
	switch u := l.udfald; {
	case u.Resultat == mox.ResAccepteret:
		return nil
	case u.Kode == kodeSpaerret:
		e.Kode, e.Tekst, e.Raad = mox.KodeUgyldig, "adressen må ikke kaldes", "brug en adresse på internettet med https, eller føj nettet til de tilladte net"
	case u.Resultat == mox.ResMidlertidig || u.Resultat == mox.ResUkendt:
		e.Kode, e.Tekst, e.Raad = mox.KodeUtilgaengelig, "modtageren kan ikke nås", "kontroller adresse, certifikat og modtagerens drift, og prøv igen"
	}
	e.Felter = []mox.Feltfejl{{Sti: "push.url", Regel: "proeve", Tekst: mox.Maskeret(l.udfald.Tekst)}}
	return e
}
