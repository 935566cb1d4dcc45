package modpart

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// udfoer takes a besked in order: once, and never in place of a newer one. m.mu is held.
func (m *Modtager) udfoer(b *indkommet) svar {
	id := b.en("beskedID")
	digest := m.digest(b)
	foer, kendt := m.l.set[id]
	switch {
	case kendt && b.igen && m.undtagelse("dobbelt_ved_genlevering"):
	case kendt && foer != digest:
		if m.undtagelse("andet_indhold_virker") {
			m.virk(b)
		}
		if m.undtagelse("tager_andet_indhold") {
			return taget
		}
		return nej("andet_indhold", "beskedID er brugt til noget andet")
	case kendt && m.undtagelse("afviser_gentagelse"):
		return nej("gentaget", "beskeden er modtaget før")
	case kendt && m.undtagelse("dobbelt_virkning"):
	case kendt:
		return svar{20, "gentaget", ""}
	}
	if m.undtagelse("afviser_aeldre") && m.erAeldre(b) {
		return nej("aeldre", "objektet er kendt i en nyere udgave")
	}
	m.l.set[id] = digest
	if m.undtagelse("kvitterer_foerst") {
		m.udsat = append(m.udsat, func() { m.virk(b) })
		return taget
	}
	m.virk(b)
	return taget
}

// digest is what tells whether two beskeder are one.
func (m *Modtager) digest(b *indkommet) string {
	h := sha256.New()
	for _, navn := range slices.Sorted(maps.Keys(b.felter)) {
		if navn != "dannelsestidspunkt" || m.undtagelse("dannelsestid_taeller") {
			_, _ = fmt.Fprintf(h, "%s=%q\n", navn, b.felter[navn])
		}
	}
	_, _ = h.Write(b.indhold)
	return hex.EncodeToString(h.Sum(nil))
}

func (m *Modtager) erAeldre(b *indkommet) bool {
	t, err := time.Parse(time.RFC3339Nano, b.en("registreringstid"))
	return err == nil && t.Before(m.l.objekt[b.en("objektID")].tid)
}

// virk has the effect of a besked. m.mu is held.
func (m *Modtager) virk(b *indkommet) {
	til, err := time.Parse(time.RFC3339Nano, b.en("gyldigTil"))
	switch {
	case err == nil && til.Before(time.Now()) && !m.undtagelse("udfoerer_udloebet"):
		return
	case err == nil && til.After(time.Now()) && m.undtagelse("udfoerer_ikke_med_frist"):
		return
	case m.undtagelse("overser_rettet") && b.en("livscykluskode") == "Rettet":
		return
	}
	titel := titelI(b.indhold)
	if titel == "Én af mange" {
		if m.l.mange++; m.undtagelse("taber_hver_tiende") && m.l.mange%10 == 0 {
			return
		}
	}
	m.l.antal[b.en("beskedID")]++
	if m.erAeldre(b) && !m.undtagelse("aeldre_overskriver") || titel == "" {
		return
	}
	if m.undtagelse("oedelaegger_aeoeaa") {
		titel = strings.ToValidUTF8(latin1(titel), "?")
	}
	t, _ := time.Parse(time.RFC3339Nano, b.en("registreringstid")) // it has been checked
	m.l.objekt[b.en("objektID")] = objekt{titel, t}
}

// latin1 is the text as a product with the wrong character set reads it.
func latin1(s string) string {
	var ud strings.Builder
	for _, c := range []byte(s) {
		ud.WriteRune(rune(c))
	}
	return ud.String()
}

func titelI(indhold []byte) string {
	var i struct {
		Registrering struct {
			Attributter struct {
				Sagegenskaber []struct{ Titel string }
			}
		}
	}
	if json.Unmarshal(indhold, &i) != nil || len(i.Registrering.Attributter.Sagegenskaber) == 0 {
		return ""
	}
	return i.Registrering.Attributter.Sagegenskaber[0].Titel
}

// kvittering is the receiver's own answer to a besked, as a besked.
func (m *Modtager) kvittering(b *indkommet, s svar) *besked {
	if b.en("beskedtype") == "Kvittering" && !m.undtagelse("kvitterer_for_kvittering") || b.en("beskedID") == "" || m.undtagelse("kvitterer_ikke") {
		return nil
	}
	handling := "accepteret"
	if !s.ok() {
		handling = "afvist"
	}
	id := nyUUID()
	if m.undtagelse("kvittering_med_samme_id") {
		id = b.en("beskedID")
	}
	k := &besked{indholdstype: "application/json", roller: map[string][2][]string{}, felter: map[string]any{
		"beskedID": id, "beskedversion": "1.0", "beskedtype": "Kvittering", "handling": handling, "foraarsagetAf": b.en("beskedID"), "objektID": b.en("objektID"),
		"objekttype": b.en("objekttype"), "registreringstid": rfc(time.Now()), "aktoer": aktoer, "kildesystem": "Modpart"}}
	if p := b.felter["procesID"]; len(p) > 0 && !m.undtagelse("kvittering_uden_procesID") {
		k.felter["procesID"] = liste(p)
	}
	k.indhold, _ = json.Marshal(map[string]string{"begrundelse": s.tekst}) // a text
	return k
}
