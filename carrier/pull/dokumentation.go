package pull

import (
	"reflect"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/indhold"
	"github.com/moxkit/mox/internal/openapi"
	"github.com/moxkit/mox/internal/wire"
	"github.com/moxkit/mox/klient"
	"github.com/moxkit/mox/oio"
)

// dokumentation describes every call of [Handler]; a test holds the two against each other.
func dokumentation() openapi.API {
	return openapi.API{
		Titel:   "MOX: send og modtag over HTTP",
		Version: "1",
		JSON:    auth.OpenAPISti,
		Tekst: "Kald for it-systemer og agenter. Hvert kald har sit systems nøgle i headeren Authorization: Bearer. Et system sender i sit eget navn og henter " +
			"fra sine egne abonnementer. Kald er i UTF-8 og uden Content-Encoding, og felter, MOX ikke kender, afvises. Felterne i en besked er dem i Beskedheaders 1.0.",
		Kald:   append(append(sendekald(), modtagekald()...), agentkald()...),
		Felter: feltbetydning(),
		Typer: map[reflect.Type]openapi.Skema{
			reflect.TypeFor[wire.Sekunder]():         {"type": "number", "minimum": 0},
			reflect.TypeFor[mox.Resultat]():          openapi.Kodeliste(resultater...),
			reflect.TypeFor[mox.Ansvar]():            openapi.Kodeliste(ansvar...),
			reflect.TypeFor[mox.LeveranceTilstand](): openapi.Kodeliste(mox.LeveranceTilstande()...),
			reflect.TypeFor[mox.KvitteringArt](): openapi.Kodeliste(mox.KvitModtaget, mox.KvitSendtTil, mox.KvitAfleveret, mox.KvitAccepteret, mox.KvitAfvist,
				mox.KvitFejlet, mox.KvitFrist),
		},
		Skemaer: map[string]openapi.Skema{"Besked": beskedskema(), "CloudEvent": cloudEventskema()},
	}
}

// beskedskema is the form of [oio.MarshalBesked]. What is demanded of every besked is demanded; what is demanded of some is
// for [mox.Besked.Valider].
func beskedskema() openapi.Skema {
	felter := map[string]any{
		"relateret": openapi.Skema{"type": "array", "items": openapi.Skema{"type": "object", "additionalProperties": false, "required": []string{"rolle", "objektID"},
			"properties": map[string]any{"rolle": openapi.Tekst(), "objektID": openapi.Tekst(), "objekttype": openapi.Tekst()}}},
		"indholdstype": openapi.Tekst(),
		"indhold":      openapi.Skema{"description": `JSON, som det er; andet som {"base64": "…"}`},
	}
	for _, f := range mox.Beskedfelter() {
		s := openapi.Tekst()
		if f.Tid {
			s["format"] = "date-time"
		}
		if f.Flere {
			s = openapi.Skema{"type": "array", "items": s}
		}
		felter[f.Navn] = s
	}
	return openapi.Skema{"type": "object", "description": "En besked i MOX' JSON; se Beskedheaders 1.0.", "properties": felter, "additionalProperties": false,
		"required": []string{"beskedID", "objektID", "objekttype", "registreringstid"}}
}

func cloudEventskema() openapi.Skema {
	krav := []string{"specversion", "id", "type", "source"}
	felter := map[string]any{}
	for _, navn := range krav {
		felter[navn] = openapi.Tekst()
	}
	return openapi.Skema{"type": "object", "description": "Et CloudEvent 1.0 med attributterne fra Beskedheaders 1.0.", "properties": felter, "required": krav, "additionalProperties": true}
}

// The besked of the examples, and the abonnement that gets it.
const (
	eksempelBesked = `{"beskedID": "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33", "objektID": "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", "objekttype": "Sag",
 "livscykluskode": "Rettet", "registreringstid": "2026-03-02T08:15:01Z", "bruger": "svc-mox", "objektreference": "https://byggesag.example/sag/2026-17"}`
	eksempelLeveret = `{"beskedID": "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33", "beskedversion": "1.0", "beskedtype": "Sag.Rettet",
 "objektID": "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", "objekttype": "Sag", "livscykluskode": "Rettet", "registreringstid": "2026-03-02T08:15:01Z",
 "bruger": "svc-mox", "objektreference": "https://byggesag.example/sag/2026-17", "kildesystem": "Byggesag"}`
	eksempelTid = `"2026-03-02T08:15:03Z"`
	eksempelSha = "a5b06d0e2f66b4a3a0cd9baa97f8ec81bb65c467dca131d99e27cbc5754bdb95"
)

func iSti(navn, tekst string, eksempel any) openapi.Parameter {
	return openapi.Parameter{Navn: navn, I: "path", Tekst: tekst, Skema: openapi.Tekst(), Eksempel: eksempel}
}

func iQuery(navn, tekst string, s openapi.Skema) openapi.Parameter {
	return openapi.Parameter{Navn: navn, I: "query", Tekst: tekst, Skema: s}
}

func somForm(form any, eksempel string, kraevet ...string) []openapi.Indhold {
	return []openapi.Indhold{{Type: oio.TypeJSON, Form: form, Eksempel: eksempel, Kraevet: kraevet}}
}

func svarer(status int, tekst string, form any, eksempel string) []openapi.Svar {
	return []openapi.Svar{{Status: status, Tekst: tekst, Indhold: somForm(form, eksempel)}}
}

// andreFormer are the besked of the examples as a CloudEvent and as an envelope.
func andreFormer() (ce, kuvert string) {
	b, err := oio.UnmarshalBesked([]byte(eksempelLeveret))
	if err != nil {
		panic("pull: the example is no besked: " + err.Error())
	}
	c, errC := oio.MarshalCloudEvent(&b)
	k, errK := oio.MarshalKuvert(&b, oio.Koder{})
	if errC != nil || errK != nil {
		panic("pull: the example cannot be written in every form")
	}
	return string(c), string(k)
}

func sendekald() []openapi.Kald {
	const emne = "Send"
	ce, kuvert := andreFormer()
	return []openapi.Kald{
		{Metode: "POST", Sti: "/api/v1/beskeder", Navn: "sendBesked", Emne: emne, Resume: "Send en besked, eller flere på én gang",
			Tekst: "Content-Type siger, hvilken form den er i; med headers ce-… er det et CloudEvent i HTTP's binære form, og kroppen er da indholdet. Svaret kommer, når " +
				"beskeden er gemt. Den samme igen virker én gang. En liste er på højst 500 beskeder og 8 MiB, og hver besvares for sig.",
			Parametre: []openapi.Parameter{iQuery("afsender", "det system, der sendes for; kun for driftens nøgler", openapi.Tekst())},
			Krop: []openapi.Indhold{
				{Type: oio.TypeJSON, Skema: openapi.Skema{"oneOf": []any{openapi.Ref("Besked"), listeAf("Besked")}}, Eksempel: eksempelBesked},
				{Type: oio.TypeCloudEvent, Skema: openapi.Ref("CloudEvent"), Eksempel: ce},
				{Type: oio.TypeCloudEventBatch, Skema: listeAf("CloudEvent"), Eksempel: "[" + ce + "]"},
				{Type: oio.TypeXML, Skema: openapi.Skema{"type": "string", "description": "en Haendelsesbesked (urn:oio:besked:kuvert:1.0) uden DTD"}, Eksempel: kuvert},
			},
			Svar: append(svarer(202, "MOX har beskeden.", wire.Modtaget{}, `{"beskedID": "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33", "gentaget": false, "sendt_til": 1}`),
				svarer(207, "En liste er besvaret besked for besked.", wire.Batchsvar{},
					`{"svar": [{"nr": 0, "status": 202, "modtaget": {"beskedID": "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33", "gentaget": true, "sendt_til": 0}}]}`)...)},
		{Metode: "GET", Sti: "/api/v1/beskeder/{id}", Navn: "laesBesked", Emne: emne, Resume: "Hvad der blev af en besked, du har sendt eller fået",
			Tekst:     "To afsendere kan have valgt det samme beskedID; du ser kun dine egne. En afsender ser alle kvitteringer, en modtager sine egne.",
			Parametre: []openapi.Parameter{iSti("id", "beskedID", "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33")},
			Svar: svarer(200, "Beskeden med kvitteringer.", wire.Beskedsvar{}, `{"beskeder": [{"afsender": "Byggesag", "modtaget": `+eksempelTid+`, "besked": `+eksempelLeveret+`,
 "kvitteringer": [{"beskedID": "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33", "art": "modtaget", "tid": `+eksempelTid+`},
  {"beskedID": "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33", "art": "sendt til", "antal": 1, "tid": `+eksempelTid+`}]}]}`)},
		{Metode: "GET", Sti: "/api/v1/beskeder/uafsluttede", Navn: "uafsluttede", Emne: emne, Resume: "Dine beskeder, som en modtager ikke er færdig med",
			Tekst: "De ældste først. Hvem modtagerne er, siges ikke; tur er, hvis tur det er.",
			Parametre: []openapi.Parameter{iQuery("afsender", "det system, der spørges for; kun for driftens nøgler", openapi.Tekst()),
				iQuery("efter", "naeste fra en tidligere side", openapi.Tal(0, 0)), iQuery("antal", "højst så mange; 100, når intet er sagt", openapi.Tal(1, maksUafsluttede))},
			Svar: svarer(200, "De, der venter.", klient.Uafsluttede{}, `{"afsender": "Byggesag", "uafsluttede": [{"beskedID": "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33", "beskedtype": "Sag.Rettet",
 "objektID": "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", "modtaget": `+eksempelTid+`, "alder_sekunder": 0, "venter": [{"tilstand": "Afventer", "tur": "modtager", "antal": 1}]}]}`)},
		{Metode: "POST", Sti: "/indhold", Navn: "gemIndhold", Emne: emne, Resume: "Gem et dokuments bytes",
			Tekst: "Kroppen er bytes af enhver slags. Henvis til dem i registreringen med urn; den samme fil igen giver den samme.",
			Krop:  []openapi.Indhold{{Type: "application/octet-stream", Skema: openapi.Bytes(), Eksempel: "Tegning\n"}},
			Svar:  svarer(201, "De er gemt.", wire.Indholdsvar{}, `{"urn": "`+indhold.URN+eksempelSha+`", "stoerrelse": 8}`)},
	}
}

func listeAf(navn string) openapi.Skema {
	return openapi.Skema{"type": "array", "items": openapi.Ref(navn), "maxItems": oio.MaksBatch}
}

func modtagekald() []openapi.Kald {
	const emne = "Modtag"
	abonnement := iSti("id", "abonnementets id", "esdh.sager")
	return []openapi.Kald{
		{Metode: "POST", Sti: "/api/v1/abonnementer/{id}/hent", Navn: "hent", Emne: emne, Resume: "Hent det næste",
			Tekst: "Er der intet, venter kaldet. Det hentede er dit, til lejemålet udløber; meldes intet udfald inden da, gives det ud igen med samme noegle. " +
				"Beskeder om det samme objekt kommer i rækkefølge, den næste når den forrige er løst.",
			Parametre: []openapi.Parameter{abonnement},
			Krop:      somForm(wire.Hentkald{}, `{"ejer": "modtager-1", "n": 10, "leje_sekunder": 60, "vent_sekunder": 30}`, "ejer"),
			Svar: svarer(200, "Arbejdet; en tom liste, når der intet kom.", wire.Hentsvar{}, `{"abonnementID": "esdh.sager", "arbejde": [{"leverance": 1, "forsoeg": 1, "omgang": 1,
 "noegle": "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33.esdh.sager.1", "usikker": false, "ejer": "fjern/esdh/modtager-1", "lejet_til": "2026-03-02T08:16:03Z",
 "modtaget": `+eksempelTid+`, "noegler": {}, "besked": `+eksempelLeveret+`}]}`)},
		{Metode: "POST", Sti: "/api/v1/lejemaal/forny", Navn: "forny", Emne: emne, Resume: "Behold arbejde, der tager tid",
			Krop: somForm(wire.Fornykald{}, `{"ejer": "modtager-1", "leverancer": [1], "leje_sekunder": 300}`, "ejer", "leverancer"),
			Svar: svarer(200, "Så mange var endnu dine.", wire.Fornysvar{}, `{"fornyet": 1}`)},
		{Metode: "POST", Sti: "/api/v1/leverancer/{id}/afslut", Navn: "afslut", Emne: emne, Resume: "Meld, hvad der kom ud af det",
			Tekst:     "Meld først, når dit eget resultat er gemt. Den samme melding igen virker én gang; for_sent siger, at lejemålet var udløbet, og at intet blev ændret.",
			Parametre: []openapi.Parameter{{Navn: "id", I: "path", Tekst: "leverancens nummer", Skema: openapi.Tal(1, 0), Eksempel: 1}},
			Krop:      somForm(afslutkald{}, `{"ejer": "modtager-1", "forsoeg": 1, "udfald": {"resultat": "accepteret", "kode": "201"}}`, "ejer", "forsoeg", "udfald"),
			Svar:      svarer(200, "Sådan står leverancen nu.", klient.Afsluttet{}, `{"tilstand": "Leveret", "for_sent": false}`)},
		{Metode: "GET", Sti: "/api/v1/abonnementer/{id}/feed", Navn: "feed", Emne: emne, Resume: "Hvad abonnementet har fået, efter logposition",
			Tekst: "Alt, abonnementet har fået, ad hvilken vej og med hvilket udfald det end var. At læse det ændrer intet. Gem naeste, og giv den som efter; " +
				"kald straks igen, så længe naeste er mindre end sidste, også når listen er tom. En side er højst omkring 8 MiB.",
			Parametre: []openapi.Parameter{abonnement, iQuery("efter", "logpositionen, der er læst til; 0 er forfra", openapi.Tal(0, 0)),
				iQuery("antal", "højst så mange; 100, når intet er sagt", openapi.Tal(1, distributor.MaksFeed)),
				iQuery("vent_sekunder", "så længe ventes, når der intet er", openapi.Sekunder(wire.MaksVent.Seconds()))},
			Svar: svarer(200, "En side.", wire.Feedsvar{}, `{"abonnementID": "esdh.sager", "beskeder": [{"logposition": 1, "beskedID": "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33",
 "afsender": "Byggesag", "modtaget": `+eksempelTid+`, "tilstand": "Leveret", "besked": `+eksempelLeveret+`}], "naeste": 1, "sidste": 1}`)},
		{Metode: "GET", Sti: "/api/v1/abonnementer/{id}/feed/sammendrag", Navn: "sammendrag", Emne: emne, Resume: "Antal og hash af feedet, til at finde et hul med",
			Tekst: "hash er SHA-256 i hex af én linje for hver besked i delen, efter logposition: logposition, beskedID og afsender med ét mellemrum imellem og linjeskift " +
				"efter, i UTF-8. Højst 100 000 positioner ad gangen; til i svaret siger hvor langt, og resten begynder efter den.",
			Parametre: []openapi.Parameter{abonnement, iQuery("fra", "den første logposition; 1, når intet er sagt", openapi.Tal(1, 0)),
				iQuery("til", "den sidste; så langt som muligt, når intet er sagt", openapi.Tal(1, 0)),
				iQuery("dele", "så mange lige lange dele; 1, når intet er sagt", openapi.Tal(1, distributor.MaksDele))},
			Svar: svarer(200, "Sammendraget.", sammendragsvar{}, `{"abonnementID": "esdh.sager", "fra": 1, "til": 1, "sidste": 1, "dele": [{"fra": 1, "til": 1, "antal": 1,
 "hash": "23c08b232582cb74ba312af2f7da8793884817ee72f17efdf1b41de7c3c14a36"}]}`)},
		{Metode: "GET", Sti: "/indhold/{sha}", Navn: "hentIndhold", Emne: emne, Resume: "Hent et dokuments bytes",
			Tekst: "Kun for den, som en levering til abonnementet henviser dertil for. Range og If-None-Match kan bruges.",
			Parametre: []openapi.Parameter{iSti("sha", "SHA-256 i hex, fra urn:mox:indhold:sha256:…", eksempelSha),
				{Navn: wire.AbonnementHeader, I: "header", Tekst: "abonnementet, leveringen er til; kræves af et system", Skema: openapi.Tekst()},
				iQuery("abonnement", "det samme som headeren", openapi.Tekst())},
			Svar: []openapi.Svar{{Status: 200, Tekst: "Bytes.", Indhold: []openapi.Indhold{{Type: "application/octet-stream", Skema: openapi.Bytes(), Eksempel: "Tegning\n"}}}}},
	}
}

func agentkald() []openapi.Kald {
	const emne = "Agenter"
	return []openapi.Kald{
		{Metode: "GET", Sti: "/api/v1/kilder/{agent}/{kilde}", Navn: "laesKilde", Emne: emne, Resume: "Hvor langt en kilde er læst",
			Parametre: []openapi.Parameter{iSti("agent", "agentens navn", "byggesag"), iSti("kilde", "kildens navn", "sager")},
			Svar: svarer(200, "En kilde, der aldrig er læst, har en tom position.", kildesvar{}, `{"agent": "byggesag", "kilde": "sager", "position": "p1", "gennemloeb": 1, "laest": 1,
 "beskeder": 1, "uaendrede": 0, "foraeldede": 0, "ekko": 0, "fejlposter": 0, "startet": `+eksempelTid+`, "sidst": `+eksempelTid+`, "kontakt": `+eksempelTid+`}`)},
		{Metode: "POST", Sti: "/api/v1/uafklarede", Navn: "uafklarede", Emne: emne, Resume: "Hvad der kan have skrevet det, en agent har læst",
			Tekst: "Leveringer til systemet, hvis virkning MOX ikke kender endnu: til en af posterne, eller, når en post er ny for MOX, dem der kan have oprettet en. Vent, til de ikke er nævnt mere, før posterne indleveres; ellers ligner det, MOX selv har skrevet, en rettelse. Leveringer, der først nævnes senere, er begyndt efter læsningen.",
			Krop:  somForm(distributor.Laest{}, `{"agent": "byggesag", "system": "Byggesag", "kilde": "sager", "objekttype": "Sag", "noegler": ["2026-17"]}`, "agent", "system", "kilde", "objekttype", "noegler"),
			Svar:  svarer(200, "Leveringernes numre; en tom liste, når der ikke er nogen.", uafklaredesvar{}, `{"leverancer": []}`)},
		{Metode: "POST", Sti: "/api/v1/indlevering", Navn: "indlever", Emne: emne, Resume: "Indlever, hvad en agent har læst",
			Tekst: "Poster, hvor der blev læst fra, og hvor der nu er læst til: alt gemmes i én transaktion, eller intet. 409 forkert_position betyder, at en anden har læst imens.",
			Krop: somForm(distributor.Indlevering{}, `{"agent": "byggesag", "system": "Byggesag", "kilde": "sager", "forventet": "", "position": "p1", "faerdig": true,
 "poster": [{"noegle": "2026-17", "objekttype": "Sag", "felter": {"egenskaber.brugervendtnoegle": "2026-17", "egenskaber.sagsnummer": "2026-17", "egenskaber.titel": "Carport",
  "egenskaber.beskrivelse": "-", "egenskaber.kassationskode": "B", "tilstande.fremdrift": "Opstaaet"}}]}`, "agent", "system", "kilde", "forventet", "position", "poster"),
			Svar: svarer(200, "Hvad der blev af posterne.", distributor.Indleveret{}, `{"beskeder": ["0c5a0c0e-0001-8000-8000-000000000001"], "laert": 0, "uaendrede": 0,
 "foraeldede": 0, "ekko": 0, "fejl": 0}`)},
		{Metode: "POST", Sti: "/api/v1/afstemning", Navn: "afstem", Emne: emne, Resume: "Hold poster op mod det, MOX kender",
			Tekst: "Som en indlevering, men intet gemmes, og intet sendes. Hver post besvares med ens, ny, afviger, aeldre, udgaaet eller fejl.",
			Krop: somForm(distributor.Indlevering{}, `{"agent": "byggesag", "system": "Byggesag", "kilde": "sager", "forventet": "", "position": "",
 "poster": [{"noegle": "2026-17", "objekttype": "Sag", "felter": {"egenskaber.brugervendtnoegle": "2026-17", "egenskaber.sagsnummer": "2026-17", "egenskaber.titel": "Carport",
  "egenskaber.beskrivelse": "-", "egenskaber.kassationskode": "B", "tilstande.fremdrift": "Opstaaet"}}]}`, "agent", "system", "kilde", "forventet", "position", "poster"),
			Svar: svarer(200, "Hvordan posterne står, i samme rækkefølge.", afstemsvar{}, `{"poster": [{"noegle": "2026-17", "objektID": "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", "hvad": "ens"}]}`)},
		{Metode: "GET", Sti: "/api/v1/kilder/{agent}/{kilde}/objekter", Navn: "kildensObjekter", Emne: emne, Resume: "De levende objekter, en kilde har fortalt om",
			Parametre: []openapi.Parameter{iSti("agent", "agentens navn", "byggesag"), iSti("kilde", "kildens navn", "sager"), iQuery("efter", "det sidste objektID fra forrige side", openapi.Tekst())},
			Svar:      svarer(200, "Højst 1000; er der flere, er naeste sat.", levendesvar{}, `{"objekter": [{"noegle": "2026-17", "objektID": "8f6f2a0e-1c9b-4d0e-9a54-2f6a3a1d7c11", "hvad": "mangler"}]}`)},
	}
}
