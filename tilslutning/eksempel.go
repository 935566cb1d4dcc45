package tilslutning

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
)

// The made-up things of an example. The CPR numbers in examples cannot exist.
const (
	eksempelobjekt = "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11"
	eksempelbesked = "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33"
	eksempelaktoer = "0b1e6a52-5d0f-4a7c-8a44-9c1d2b3e4f50"
)

func eksempeltid() time.Time { return time.Date(2026, 3, 2, 8, 15, 1, 0, time.UTC) }

// besked is an example of a besked from a system about an objekt with these values by sti. Values that name another objekt by
// its key in the system stand for its UUID.
func besked(system string, t mox.ObjektType, k mox.LivscyklusKode, vaerdier map[string]string) (mox.Besked, error) {
	type_, ok := mox.TypeAf(t)
	if !ok {
		return mox.Besked{}, fmt.Errorf("tilslutning: objekttypen %q findes ikke", t)
	}
	egne := map[string]string{}
	for sti, v := range vaerdier {
		if strings.HasPrefix(sti, "besked.") {
			continue
		}
		if strings.HasPrefix(sti, "relationer.") && !mox.ErUUID(v) && !mox.ErURN(v) && strings.Count(sti, ".") < 3 {
			v = mox.UUIDv5(eksempelaktoer, v)
		}
		egne[sti] = v
	}
	v := mox.Fra(mox.Kl(eksempeltid()))
	v.AktoerRef, v.AktoerTypeKode = mox.Reference{UUID: eksempelaktoer}, "ItSystem"
	r, err := mox.Registrering{LivscyklusKode: k, FraTidspunkt: eksempeltid()}.Laeg(type_, egne, v)
	if err != nil {
		return mox.Besked{}, err
	}
	b := mox.Besked{ID: eksempelbesked, ObjektID: eksempelobjekt, ObjektType: t, LivscyklusKode: k, RegistreringID: "1", Registreringstid: eksempeltid(),
		Aktoer: eksempelaktoer, Bruger: "svc-mox", Kildesystem: system, Indholdstype: oio.TypeJSON}
	b.Udfyld(r)
	b = b.MedStandard()
	b.Indhold, err = oio.MarshalRegistrering(t, b.ObjektID, r)
	return b, err
}

// saadan are values of a Sag and a Dokument for a guide that has no recorded examples.
func saadan(t mox.ObjektType) map[string]string {
	switch t {
	case mox.Sag:
		return map[string]string{"egenskaber.brugervendtnoegle": "2026-000123", "egenskaber.sagsnummer": "2026-000123", "egenskaber.titel": "Carport, Åvej 3",
			"egenskaber.beskrivelse": "Ansøgning om byggetilladelse til carport", "egenskaber.kassationskode": "B", "tilstande.fremdrift": "Opstaaet",
			"relationer.ejer": "urn:oio:cvr-nr:12345678", "relationer.primaerklasse": "urn:oio:kle:02.34.02", "relationer.primaerpart": "urn:oio:cpr-nr:0000000000"}
	case mox.Dokument:
		return map[string]string{"egenskaber.brugervendtnoegle": "2026-000123-1", "egenskaber.titel": "Ansøgning", "egenskaber.beskrivelse": "Ansøgning om byggetilladelse",
			"egenskaber.brevdato": "2026-03-02", "tilstande.fremdrift": "Modtaget", "relationer.ejer": "urn:oio:cvr-nr:12345678", "relationer.primaerklasse": "urn:oio:kle:02.34.02"}
	}
	return nil
}

// former shows a besked in each of the forms it may have.
func (s *skriver) former(b *mox.Besked) error {
	kuvert, err := oio.MarshalKuvert(b, oio.Koder{})
	if err != nil {
		return err
	}
	haendelse, err := oio.MarshalCloudEvent(b)
	if err != nil {
		return err
	}
	s.linje("Som AMQP-headers, med indholdet som krop (`%s`):\n", b.Indholdstype)
	s.blok("text", headerlinjer(b))
	s.linje("Indholdet:\n")
	s.blok("json", pent(b.Indhold))
	s.linje("Som CloudEvent over HTTP (`application/cloudevents+json`):\n")
	s.blok("json", pent(haendelse))
	s.linje("Som Haendelsesbesked (`application/xml`):\n")
	s.blok("xml", string(kuvert))
	return nil
}

func headerlinjer(b *mox.Besked) string {
	h := oio.Headers(b)
	var ud strings.Builder
	for _, navn := range slices.Sorted(maps.Keys(h)) {
		fmt.Fprintf(&ud, "%-18s %v\n", navn, h[navn])
	}
	return ud.String()
}

// pent is JSON with a line for each field.
func pent(b []byte) string {
	var ud bytes.Buffer
	if json.Indent(&ud, b, "", "  ") != nil {
		return string(b)
	}
	return ud.String()
}
