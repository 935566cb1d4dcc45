package amqp_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	rabbit "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/carrier/amqp"
	"github.com/moxkit/mox/internal/conformance"
	"github.com/moxkit/mox/oio"
)

// TestAftalenHosBeskedmaegleren: what lies in a receiver's queue has the agreed fields only, and what the sender may not send
// is refused with its code.
func TestAftalenHosBeskedmaegleren(t *testing.T) {
	t.Parallel()
	conformance.Proves(t, "mox 31")
	sager := []mox.Ret{{Objekttyper: []mox.ObjektType{mox.Sag}}}
	om := func(system string, felter ...string) mox.Aftale {
		a := mox.Aftale{Navn: system + "-aftale", System: system, GyldigFra: time.Now().Add(-time.Hour), MaaSende: sager, MaaModtage: sager}
		if len(felter) > 0 {
			a.Felter = map[mox.ObjektType][]string{mox.Sag: felter}
		}
		return a
	}
	h := nytHusMed(t, mox.Aftaler{om("Byggesag"), om("ESDH", "egenskaber.titel")})
	h.opret("esdh.sager", "ESDH")
	ch := h.kanal(h.broker.URL)
	strom := h.strom(h.broker.URL, amqp.Koe("esdh.sager"))
	type_, _ := mox.TypeAf(mox.Sag)
	tid := time.Date(2026, 3, 2, 9, 15, 0, 0, time.UTC)
	r, err := mox.Registrering{LivscyklusKode: mox.Rettet, FraTidspunkt: tid}.Laeg(type_, map[string]string{"egenskaber.titel": "Carport", "relationer.primaerpart": "urn:oio:cpr-nr:0101901234"}, mox.Fra(mox.Kl(tid)))
	h.maa(err)
	raa, err := oio.MarshalRegistrering(mox.Sag, mox.ObjektID(objekt(1)), r)
	h.maa(err)
	med := func(foelsomhed string) rabbit.Publishing {
		p := sag(1, func(t rabbit.Table) {
			delete(t, "objektreference")
			t["foelsomhed"] = foelsomhed
		})
		p.ContentType, p.Body = oio.TypeJSON, raa
		return p
	}
	h.send(ch, amqp.Exchange("Byggesag"), med(mox.IkkeFortrolig))
	d := h.naeste(strom)
	if alt := fmt.Sprint(d.Headers) + string(d.Body); !strings.Contains(alt, "Carport") || strings.Contains(alt, "0101901234") || d.Headers["beskaaret"] != "ESDH-aftale" {
		t.Errorf("esdh gets %s", alt)
	}
	h.maa(d.Ack(false))
	if svar := h.spoerg(ch, amqp.Exchange("Byggesag"), med("VIP_SAGER")); svar.StatusKode == 20 || !strings.HasPrefix(svar.FejlbeskedTekst, string(mox.KodeIkkeTilladt)) {
		t.Errorf("%+v", svar)
	}
	if f := h.fejl(); len(f) != 1 || f[0].Kode != string(mox.KodeIkkeTilladt) || f[0].System != "Byggesag" {
		t.Errorf("%+v", f)
	}
	if strings.Contains(h.log.String(), "0101901234") {
		t.Errorf("the number is in the log: %s", h.log)
	}
}
