package modpart

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"time"
)

const aktoer = "0b1e6a52-5d0f-4a7c-8a44-9c1d2b3e4f50"

// sag is a case in the sender's own database.
type sag struct {
	id, type_, titel string
	foelsom          bool
	periode          bool
	cpr, fil, fyld   string
	nr               int // registreringer
	foerste, sidst   time.Time
}

// registrering is one change of a case, as it is to be told.
type registrering struct {
	sag
	sker string // the livscykluskode
	tid  time.Time
}

// registrer is the next registrering of the case. No two of one case have the same time.
func (s *sag) registrer(sker string) registrering {
	s.nr++
	tid := time.Now().UTC().Truncate(time.Microsecond)
	if !tid.After(s.sidst) {
		tid = s.sidst.Add(time.Microsecond)
	}
	s.sidst = tid
	return registrering{*s, sker, tid}
}

// besked is what is sent of a registrering.
type besked struct {
	objekt       string
	webhookID    string
	cpr          string
	felter       map[string]any // text, list of texts, time or number
	roller       map[string][2][]string
	indholdstype string
	indhold      []byte
	kuvertfejl   string
}

func rfc(t time.Time) string { return t.UTC().Format(time.RFC3339Nano) }

// besked forms the besked in order, and then what the product does wrong.
func (c *Config) besked(r registrering) *besked {
	tidlig(c.Fejl, &r)
	b := &besked{objekt: r.id, webhookID: "msg_" + nyUUID(), cpr: r.cpr, indholdstype: "application/json", roller: map[string][2][]string{}, felter: map[string]any{
		"beskedID": nyUUID(), "beskedversion": "1.0", "objektID": r.id, "objekttype": r.type_, "livscykluskode": r.sker, "registreringID": nummer(r.nr),
		"registreringstid": rfc(r.tid), "aktoer": aktoer, "bruger": "Søren Ærø", "myndighed": "urn:oio:cvr-nr:12345678", "opgaveemne": "02.34.02",
		"kildesystem": c.System, "dannelsestidspunkt": rfc(time.Now()), "beskedtype": r.type_ + "." + r.sker,
	}}
	if r.foelsom {
		b.felter["foelsomhed"] = "FOELSOMME_PERSONOPLYSNINGER"
	}
	if r.periode {
		b.felter["gyldigFra"], b.felter["gyldigTil"] = rfc(r.tid), rfc(r.tid.AddDate(0, 1, 0))
	}
	if r.cpr != "" {
		b.roller["primaerpart"] = [2][]string{{"urn:oio:cpr-nr:" + r.cpr}, {"Person"}}
	}
	b.indhold = indhold(c.Fejl, &r)
	if len(b.indhold) > 1<<20 && c.Fejl != "for_stor" {
		b.indhold, b.indholdstype = nil, ""
		b.felter["objektreference"] = "https://byggesag.example/sag/" + r.id
	}
	sen(c.Fejl, b, &r)
	return b
}

func nummer(n int) string {
	b, _ := json.Marshal(n) // a number
	return string(b)
}

// indhold is the whole case.
func indhold(fejl string, r *registrering) []byte {
	v := map[string]any{"from": rfc(r.tid), "to": "infinity"}
	egenskaber := map[string]any{"titel": r.titel, "brugervendtnoegle": "B-" + r.id[:8], "beskrivelse": "Byggesag" + r.fyld, "virkning": v}
	reg := map[string]any{"fratidspunkt": map[string]any{"tidsstempeldatotid": rfc(r.tid)}, "livscykluskode": r.sker,
		"attributter": map[string]any{"egenskaber": []any{egenskaber}},
		"tilstande":   map[string]any{"fremdrift": []any{map[string]any{"fremdrift": "Opstaaet", "virkning": v}}},
		"relationer":  map[string]any{"ejer": []any{map[string]any{"urn": "urn:oio:cvr-nr:12345678", "virkning": v}}}}
	if r.fil != "" {
		reg["varianter"] = []any{map[string]any{"mimetype": "text/plain", "lokation": "urn:byggesag:fil:" + r.id}}
	}
	ud := map[string]any{"objektID": r.id, "objekttype": r.type_, "registrering": reg}
	switch fejl {
	case "dokument_i_besked":
		if r.fil != "" {
			reg["fil"] = base64.StdEncoding.EncodeToString([]byte(r.fil))
		}
	case "kun_aendrede_felter":
		if r.sker == "Rettet" {
			ud["registrering"] = map[string]any{"fratidspunkt": reg["fratidspunkt"], "livscykluskode": r.sker, "attributter": map[string]any{"egenskaber": []any{map[string]any{"titel": r.titel}}}}
		}
	case "indhold_andet_objekt":
		ud["objektID"] = nyUUID()
	case "indhold_anden_kode":
		reg["livscykluskode"] = "Importeret"
	case "indhold_anden_tid":
		reg["fratidspunkt"] = map[string]any{"tidsstempeldatotid": rfc(r.tid.Add(-time.Hour))}
	}
	b, _ := json.Marshal(ud) // texts and numbers
	if fejl == "indhold_ikke_json" {
		b = b[:len(b)/2]
	}
	return b
}

// tidlig are the faults in what is registered.
func tidlig(fejl string, r *registrering) {
	switch {
	case fejl == "livscykluskode_oprettet" && r.sker == "Opstaaet":
		r.sker = "Oprettet"
	case fejl == "opstaaet_som_rettet" && r.sker == "Opstaaet", fejl == "slettet_som_rettet" && r.sker == "Slettet", fejl == "passiveret_som_rettet" && r.sker == "Passiveret":
		r.sker = "Rettet"
	case fejl == "rettet_som_importeret" && r.sker == "Rettet":
		r.sker = "Importeret"
	case fejl == "dansk_tid_som_utc":
		r.tid = r.tid.Add(2 * time.Hour)
	}
}

// sen are the faults in how it is told.
func sen(fejl string, b *besked, r *registrering) {
	if felt, ja := strings.CutPrefix(fejl, "uden_"); ja {
		delete(b.felter, felt)
	}
	if vaerdi, ja := forkerte(r)[fejl]; ja {
		b.felter[vaerdi[0]] = vaerdi[1]
	}
	switch fejl {
	case "uden_livscykluskode":
		delete(b.felter, "handling")
	case "uden_aktoer":
		delete(b.felter, "bruger")
	case "uden_indhold":
		b.indhold, b.indholdstype = nil, ""
		delete(b.felter, "objektreference")
	case "uden_indholdstype":
		b.indholdstype = ""
	case "beskedID_af_objekt":
		b.felter["beskedID"] = r.id
	case "tal_som_tal":
		b.felter["registreringID"] = int64(r.nr)
	case "tid_som_timestamp":
		b.felter["dannelsestidspunkt"] = time.Now()
	case "part_mangler":
		clear(b.roller)
	case "part_uden_urn":
		if r.cpr != "" {
			b.roller["primaerpart"] = [2][]string{{r.cpr}, {"Person"}}
		}
	case "relateret_antal":
		if r.cpr != "" {
			b.roller["primaerpart"] = [2][]string{{"urn:oio:cpr-nr:" + r.cpr}, {"Person", "Person"}}
		}
	case "cpr_i_id":
		if r.cpr != "" {
			b.felter["registreringID"] = r.cpr + "-1"
		}
	case "gyldighed_omvendt":
		if r.periode {
			b.felter["gyldigFra"], b.felter["gyldigTil"] = b.felter["gyldigTil"], b.felter["gyldigFra"]
		}
	case "kuvert_to_leveranceinformation", "kuvert_to_id", "kuvert_dtd", "kuvert_uenig", "kuvert_ikke_xml":
		b.kuvertfejl = fejl
	}
}

// forkerte are faults that are one field with a wrong value.
func forkerte(r *registrering) map[string][2]string {
	return map[string][2]string{
		"beskedID_loebenummer":     {"beskedID", "besked-" + r.id[:8] + "-" + nummer(r.nr)},
		"beskedversion_2":          {"beskedversion", "2.0"},
		"forbeholdt_type":          {"beskedtype", "Kvittering"},
		"objektID_sagsnummer":      {"objektID", "2026-" + r.id[:8]},
		"objektID_store_bogstaver": {"objektID", strings.ToUpper(r.id)},
		"objekttype_engelsk":       {"objekttype", "Case"},
		"tid_uden_zone":            {"registreringstid", r.tid.Format("2006-01-02T15:04:05.999999")},
		"aktoer_navn":              {"aktoer", "Byggesag"},
		"navn_med_stort":           {"Tilstand", "Opstaaet"},
		"lang_tekst":               {"handling", strings.Repeat("x", 1025)},
		"latin1":                   {"bruger", "S\xf8ren"},
		"tomt_felt":                {"handling", ""},
		"kle_tekst":                {"opgaveemne", "Byggesager"},
		"cvr_tal":                  {"myndighed", "12345678"},
		"andet_system":             {"kildesystem", "Et andet system"},
	}
}
