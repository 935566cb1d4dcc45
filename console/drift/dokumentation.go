package drift

import (
	"reflect"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/internal/openapi"
	"github.com/moxkit/mox/report"
	"github.com/moxkit/mox/store"
)

// Where the calls are described, for whoever may make them.
const (
	OpenAPISti       = Rod + "openapi.json"
	DokumentationSti = Rod + "dokumentation"
)

// dokumentation describes every call of [New]; a test holds the two against each other.
func dokumentation() openapi.API {
	a := openapi.API{
		Titel:   "MOX: driftens kald",
		Version: "1",
		JSON:    OpenAPISti,
		Tekst: "Det, konsollen og kommandoerne viser og gør. GET kræver rollen læser, POST rollen drift, og at oprette og lukke abonnementer og alt om brugere rollen administrator. " +
			"Ingen svar har indhold eller personoplysninger, undtagen fejl/{id}/indhold, som kræver en begrundelse og bliver logget.",
		Felter: feltbetydning(),
		Typer: map[reflect.Type]openapi.Skema{
			reflect.TypeFor[mox.Ansvar]():            openapi.Kodeliste("", mox.AnsvarAfsender, mox.AnsvarModtager, mox.AnsvarMOX),
			reflect.TypeFor[mox.LeveranceTilstand](): openapi.Kodeliste(mox.LeveranceTilstande()...),
			reflect.TypeFor[mox.ProcesTilstand]():    openapi.Kodeliste(mox.ProcesIgang, mox.ProcesAfsluttet, mox.ProcesFejlet, mox.ProcesUdloebet),
			reflect.TypeFor[store.FejlArt]():         openapi.Kodeliste(store.FejlPost, store.FejlBesked, store.FejlLeverance),
			reflect.TypeFor[auth.Rolle]():            openapi.Kodeliste(auth.Laeser, auth.Drift, auth.Administrator),
			reflect.TypeFor[mox.Carrier]():           openapi.Kodeliste(mox.CarrierAgent, mox.CarrierPull, mox.CarrierPush, mox.CarrierAMQP),
			reflect.TypeFor[mox.Orden]():             openapi.Kodeliste(mox.OrdenObjekt, mox.OrdenIngen),
			reflect.TypeFor[mox.PushForm]():          openapi.Kodeliste(mox.FormCloudEvent, mox.FormStruktureret, mox.FormModtagBesked),
		},
	}
	for _, k := range [][]openapi.Kald{sekald(), fejlkald(), abonnementkald(), aftalekald(), listekald(), alarmkald(), brugerdokumentation()} {
		a.Kald = append(a.Kald, k...)
	}
	for i := range a.Kald {
		a.Kald[i].Sti = Rod + a.Kald[i].Sti
	}
	return a
}

func iSti(navn, tekst string, s openapi.Skema, eksempel any) openapi.Parameter {
	return openapi.Parameter{Navn: navn, I: "path", Tekst: tekst, Skema: s, Eksempel: eksempel}
}

// iQuery are parameters of text, each with what it selects by.
func iQuery(par ...string) (ud []openapi.Parameter) {
	for i := 0; i < len(par); i += 2 {
		ud = append(ud, openapi.Parameter{Navn: par[i], I: "query", Tekst: par[i+1], Skema: openapi.Tekst()})
	}
	return ud
}

func antal() openapi.Parameter {
	return openapi.Parameter{Navn: "antal", I: "query", Tekst: "højst så mange; 100, når intet er sagt", Skema: openapi.Tal(0, maksAntal)}
}

func krop(form any, eksempel string, kraevet ...string) []openapi.Indhold {
	return []openapi.Indhold{{Type: "application/json", Form: form, Eksempel: eksempel, Kraevet: kraevet}}
}

func svarer(form any, eksempel string) []openapi.Svar {
	return []openapi.Svar{{Status: 200, Tekst: "Svaret.", Indhold: krop(form, eksempel)}}
}

func gjort() []openapi.Svar { return []openapi.Svar{{Status: 204, Tekst: "Det er gjort."}} }

const eksempelID = "5a4cf0d6-6f1a-4c1f-8a6c-0d9e2b7a1c33"

func sekald() []openapi.Kald {
	const emne = "Se"
	beskedID := iSti("id", "beskedID, procesID eller objektID", openapi.Tekst(), eksempelID)
	foer := openapi.Parameter{Navn: "foer", I: "query", Tekst: "fra en tidligere side: den næste", Skema: openapi.Tal(0, 0)}
	return []openapi.Kald{
		{Metode: "GET", Sti: "status", Navn: "status", Emne: emne, Resume: "Hvordan alt står", Svar: svarer(Status{}, "")},
		{Metode: "GET", Sti: "beskeder", Navn: "beskeder", Emne: emne, Resume: "Find beskeder, de nyeste først",
			Tekst:     "Et personnummer må ikke stå i en adresse; brug beskeder/person.",
			Parametre: append(iQuery("id", "beskedID", "objektID", "objektets id", "procesID", "processens id", "system", "afsenderen", "type", "beskedtype"), foer, antal()),
			Svar:      svarer(Beskedliste{}, "")},
		{Metode: "POST", Sti: "beskeder/person", Navn: "person", Emne: emne, Resume: "Find beskeder om en person eller virksomhed",
			Tekst: "Søgningen og begrundelsen bliver logget.",
			Krop:  krop(Person{}, `{"relateret": "29189803", "begrundelse": "indsigtsanmodning 26-14", "antal": 50}`, "relateret", "begrundelse"),
			Svar:  svarer(Beskedliste{}, `{"beskeder": []}`)},
		{Metode: "GET", Sti: "forloeb/{id}", Navn: "forloeb", Emne: emne, Resume: "Alt, hvad der skete med en besked, en proces eller et objekt", Parametre: []openapi.Parameter{beskedID}, Svar: svarer(Forloeb{}, "")},
		{Metode: "GET", Sti: "processer", Navn: "processer", Emne: emne, Resume: "MOX-processer, de nyeste først",
			Parametre: append(iQuery("navn", "processens navn", "tilstand", "igang, afsluttet, fejlet eller udloebet", "foer", "fra en tidligere side: den næste"), antal()),
			Svar:      svarer(Procesliste{}, "")},
		{Metode: "GET", Sti: "gevinster", Navn: "gevinster", Emne: emne, Resume: "Hvad MOX-processerne har været værd",
			Tekst:     "Talt i perioden, ganget med det, kommunen har angivet på siden Gevinster. Uden fra og til: de 365 dage til og med i dag.",
			Parametre: iQuery("fra", "den første dag, 2026-01-01", "til", "den sidste dag", "myndighed", "CVR-nummer: kun processer om den myndighed"),
			Svar:      svarer(report.Rapport{}, "")},
		{Metode: "GET", Sti: "beskeder/{id}/forklar/{abonnement}", Navn: "forklar", Emne: emne, Resume: "Hvorfor et abonnement fik en besked, eller ikke",
			Parametre: []openapi.Parameter{iSti("id", "beskedID", openapi.Tekst(), eksempelID), iSti("abonnement", "abonnementets id", openapi.Tekst(), "esdh.sager")},
			Svar:      svarer(Forklaringer{}, "")},
	}
}

func fejlkald() []openapi.Kald {
	const emne = "Fejl til behandling"
	id := func(n int) []openapi.Parameter {
		return []openapi.Parameter{iSti("id", "fejlens id", openapi.Tal(1, 0), n)}
	}
	virkning := `{"valgt": 1, "udfoert": 1, "udeladt": 0, "fejl": [2]}`
	return []openapi.Kald{
		{Metode: "GET", Sti: "fejl", Navn: "fejlliste", Emne: emne, Resume: "Hvad en person skal afgøre, de ældste først",
			Parametre: append(iQuery("ansvar", "afsender, modtager eller MOX", "kode", "fejlens kode", "system", "hvis post eller besked, eller hvem der skulle have den",
				"art", "post, besked eller leverance", "abonnement", "abonnementets id", "objektID", "objektets id", "siden", "tidspunkt med tidszone", "lukkede", "ja: også de lukkede"),
				openapi.Parameter{Navn: "efter", I: "query", Tekst: "fra en tidligere side: den næste", Skema: openapi.Tal(0, 0)}, antal()),
			Svar: svarer(Fejlliste{}, "")},
		{Metode: "GET", Sti: "fejl/{id}", Navn: "laesFejl", Emne: emne, Resume: "Én fejl med forsøg og handlinger", Parametre: id(2), Svar: svarer(Fejl{}, "")},
		{Metode: "POST", Sti: "fejl/{id}/indhold", Navn: "indhold", Emne: emne, Resume: "Se posten eller beskedens værdier", Tekst: "Det og begrundelsen bliver logget.", Parametre: id(3),
			Krop: krop(Begrundelse{}, `{"begrundelse": "retter titlen efter aftale med Byg"}`, "begrundelse"), Svar: svarer(Indhold{}, "")},
		{Metode: "POST", Sti: "fejl/gensend", Navn: "gensend", Emne: emne, Resume: "Send igen", Tekst: "Med preview tælles der kun. Et tomt udvalg er alle åbne fejl.",
			Krop: krop(Gruppe{}, `{"udvalg": {"kode": "409"}, "begrundelse": "ESDH er rettet"}`, "udvalg"), Svar: svarer(distributor.Virkning{}, virkning)},
		{Metode: "POST", Sti: "fejl/luk", Navn: "luk", Emne: emne, Resume: "Luk uden at sende", Tekst: "Kræver en begrundelse, undtagen med preview.",
			Krop: krop(Gruppe{}, `{"udvalg": {"kode": "ugyldig"}, "begrundelse": "posten var en prøve"}`, "udvalg"), Svar: svarer(distributor.Virkning{}, virkning)},
		{Metode: "POST", Sti: "fejl/{id}/ret-og-send", Navn: "retOgSend", Emne: emne, Resume: "Ret posten eller beskedens værdier, og send", Tekst: "Enten raa, for en post, eller rettelser, for en besked.", Parametre: id(3),
			Krop: krop(Ret{}, `{"rettelser": {"egenskaber.titel": "Carport på Æblevej 3"}, "begrundelse": "aftalt med Byg"}`), Svar: svarer(Rettet{}, `{"beskedID": "0c5a0c0e-0001-8000-8000-000000000001"}`)},
		{Metode: "POST", Sti: "fejl/{id}/skete", Navn: "skete", Emne: emne, Resume: "Svar på et uvist udfald: det skete", Parametre: id(4),
			Krop: krop(Skete{}, `{"felter": {"nr": "2"}, "begrundelse": "sagen står i ESDH"}`, "begrundelse"), Svar: gjort()},
		{Metode: "POST", Sti: "fejl/{id}/skete-ikke", Navn: "sketeIkke", Emne: emne, Resume: "Svar på et uvist udfald: det skete ikke", Parametre: id(5),
			Krop: krop(Begrundelse{}, `{"begrundelse": "sagen står ikke i ESDH"}`, "begrundelse"), Svar: gjort()},
	}
}

func abonnementkald() []openapi.Kald {
	const emne = "Abonnementer"
	id := func(s string) []openapi.Parameter {
		return []openapi.Parameter{iSti("id", "abonnementets id", openapi.Tekst(), s)}
	}
	return []openapi.Kald{
		{Metode: "GET", Sti: "abonnementer", Navn: "abonnementer", Emne: emne, Resume: "Alle abonnementer", Svar: svarer(Abonnementer{}, "")},
		{Metode: "POST", Sti: "abonnementer", Navn: "opretAbonnement", Emne: emne, Resume: "Opret et abonnement, eller ret det med ret",
			Tekst: "Det gælder de beskeder, der kommer fra nu af. Svaret har det, modtageren skal have at vide, herunder et push-abonnements hemmelighed.",
			Krop:  krop(OpretAbonnement{}, `{"id": "esdh.dokumenter", "system": "ESDH", "carrier": "pull", "filter": {"objekttype": "Dokument"}, "begrundelse": "aftale 12"}`, "id", "system", "carrier"),
			Svar: svarer(Oprettet{}, `{"ny": true, "abonnement": {"id": "esdh.dokumenter", "system": "ESDH", "carrier": "pull", "filter": {"objekttype": "Dokument"}, "orden": "objekt",
 "plan": {"forsoeg": 12, "foerste": "1s", "hoejst": "3h0m0s"}}, "pull": {"sti": "/api/v1/abonnementer/esdh.dokumenter/hent"}}`)},
		{Metode: "POST", Sti: "abonnementer/proev", Navn: "proevFilter", Emne: emne, Resume: "Hvad et filter ville have taget af de nyeste beskeder", Tekst: "Enten filter eller abonnement.",
			Krop: krop(Filterkald{}, `{"filter": {"objekttype": "Sag"}, "antal": 1000}`), Svar: svarer(distributor.Filterproeve{}, "")},
		{Metode: "POST", Sti: "abonnementer/{id}/pause", Navn: "pause", Emne: emne, Resume: "Hold beskeder til en modtager tilbage", Tekst: "Intet går tabt.", Parametre: id("esdh.sager"),
			Krop: krop(Begrundelse{}, `{"begrundelse": "ESDH opgraderes i aften"}`, "begrundelse"), Svar: gjort()},
		{Metode: "POST", Sti: "abonnementer/{id}/genoptag", Navn: "genoptag", Emne: emne, Resume: "Send igen til en modtager, der var på pause", Parametre: id("esdh.sager"),
			Krop: krop(Begrundelse{}, `{"begrundelse": "ESDH er oppe igen"}`), Svar: gjort()},
		{Metode: "POST", Sti: "abonnementer/{id}/efterlever", Navn: "efterlever", Emne: emne, Resume: "Giv et abonnement det, der kom, før det var der",
			Tekst: "Fra en logposition (fra) eller et tidspunkt (fra_kl), til og med (til eller til_kl) eller til loggens ende. Med preview tælles der kun: svaret er da fra, til, set, passer, havde og " +
				"naeste, der gives som videre i det næste kald.",
			Parametre: id("esdh.sager"), Krop: krop(Efterleveringskald{}, `{"fra": 1, "begrundelse": "nyt system"}`),
			Svar: svarer(store.Efterlevering{}, `{"id": 1, "abonnement": "esdh.sager", "fra": 1, "til": 1, "foelg": true, "naaet": 0, "antal": 0, "havde": 0, "oprettet": "2026-03-02T08:15:03Z", "af": "Kirsten"}`)},
		{Metode: "POST", Sti: "abonnementer/{id}/stands", Navn: "standsEfterlevering", Emne: emne, Resume: "Stands den efterlevering, der er i gang", Tekst: "Det, der er givet, bliver ved med at være givet.",
			Parametre: id("esdh.sager"), Krop: krop(Begrundelse{}, `{"begrundelse": "forkert periode"}`, "begrundelse"), Svar: gjort()},
		{Metode: "POST", Sti: "abonnementer/{id}/luk", Navn: "lukAbonnement", Emne: emne, Resume: "Luk et abonnement", Tekst: "Har det leveringer, der ikke er afsluttet, kræver det ja, og de opgives.",
			Parametre: id("esdh.dokumenter"), Krop: krop(Lukning{}, `{"begrundelse": "skifter system", "ja": true}`, "begrundelse"), Svar: gjort()},
	}
}

func aftalekald() []openapi.Kald {
	const emne = "Tilslutningsaftaler"
	return []openapi.Kald{
		{Metode: "GET", Sti: "aftaler", Navn: "aftaler", Emne: emne, Resume: "De tilslutningsaftaler, MOX holder systemerne til", Svar: svarer(Aftaler{}, "")},
		{Metode: "POST", Sti: "aftaler/indlaes", Navn: "indlaesAftaler", Emne: emne, Resume: "Læs aftalernes filer igen", Tekst: "Har en af dem fejl, gælder de forrige.",
			Krop: krop(Begrundelse{}, `{"begrundelse": "aftale 12 er underskrevet"}`, "begrundelse"), Svar: svarer(Aftaler{}, "")},
	}
}

func listekald() []openapi.Kald {
	const emne = "Værdilister"
	navn := []openapi.Parameter{iSti("navn", "listens navn", openapi.Tekst(), "byggesager")}
	linjer := []openapi.Indhold{{Type: "text/plain", Skema: openapi.Skema{"type": "string", "description": "én værdi på hver linje"}, Eksempel: "02.34.02\n02.34.04\n"}}
	virkning := `{"liste": "byggesager", "laest": 2, "tilfoejet": 2, "fjernet": 0, "antal": 2, "version": 1}`
	ret := func(metode, operation, resume string) openapi.Kald {
		return openapi.Kald{Metode: "POST", Sti: "lister/{navn}/" + metode, Navn: operation, Emne: emne, Resume: resume, Tekst: "Ændringen gælder hel eller slet ikke, fra den næste besked.",
			Parametre: navn, Krop: linjer, Svar: svarer(distributor.Listevirkning{}, virkning)}
	}
	return []openapi.Kald{
		{Metode: "GET", Sti: "lister", Navn: "lister", Emne: emne, Resume: "Alle værdilister", Svar: svarer(Lister{}, "")},
		{Metode: "POST", Sti: "lister", Navn: "opretListe", Emne: emne, Resume: "Opret en værdiliste", Tekst: "noegle er det felt, dens værdier er af. Et filter henviser til den med {\"opgaveemne\": {\"liste\": \"byggesager\"}}.",
			Krop: krop(OpretListe{}, `{"navn": "byggesager", "noegle": "opgaveemne", "begrundelse": "aftale 12"}`, "navn", "noegle"), Svar: svarer(ListeOprettet{}, `{"ny": true, "navn": "byggesager", "noegle": "opgaveemne"}`)},
		{Metode: "GET", Sti: "lister/{navn}", Navn: "listevaerdier", Emne: emne, Resume: "Nogle af en listes værdier", Tekst: "De, der siger, hvem nogen er, tælles og vises ikke.",
			Parametre: append(append([]openapi.Parameter{}, navn...), append(iQuery("efter", "naeste fra en tidligere side"), antal())...), Svar: svarer(Listevaerdier{}, "")},
		ret("tilfoej", "tilfoejTilListe", "Føj værdier til en liste"),
		ret("fjern", "fjernFraListe", "Fjern værdier fra en liste"),
		ret("erstat", "erstatListe", "Lad en liste være disse værdier og ingen andre"),
		{Metode: "POST", Sti: "lister/{navn}/slet", Navn: "sletListe", Emne: emne, Resume: "Slet en liste, som intet filter henviser til", Parametre: navn,
			Krop: krop(Begrundelse{}, `{"begrundelse": "bruges ikke mere"}`, "begrundelse"), Svar: gjort()},
	}
}

func alarmkald() []openapi.Kald {
	const emne = "Alarmer"
	return []openapi.Kald{
		{Metode: "GET", Sti: "alarmer", Navn: "alarmer", Emne: emne, Resume: "Alarmer, der står, og de seneste, der er slut", Svar: svarer(Alarmer{}, "")},
		{Metode: "POST", Sti: "alarmer/{id}/kvitter", Navn: "kvitterAlarm", Emne: emne, Resume: "Sig, at du tager dig af den", Tekst: "Den fortælles ikke igen, før den er løst. Det bliver logget.",
			Parametre: []openapi.Parameter{iSti("id", "alarmens id", openapi.Tal(1, 0), 1)}, Krop: krop(Begrundelse{}, `{"begrundelse": "ringer til leverandøren"}`, "begrundelse"), Svar: gjort()},
		{Metode: "POST", Sti: "alarmer/proev", Navn: "proevAlarm", Emne: emne, Resume: "Send en prøve ad alle veje", Krop: krop(struct{}{}, `{}`), Svar: svarer(Alarmproeve{}, "")},
	}
}

func brugerdokumentation() []openapi.Kald {
	const emne = "Brugere"
	navn := func(s string) []openapi.Parameter {
		return []openapi.Parameter{iSti("navn", "brugerens navn", openapi.Tekst(), s)}
	}
	return []openapi.Kald{
		{Metode: "GET", Sti: "brugere", Navn: "brugere", Emne: emne, Resume: "Alle, der kan logge ind med et kodeord, også de lukkede", Svar: svarer(Brugere{}, "")},
		{Metode: "POST", Sti: "brugere", Navn: "opretBruger", Emne: emne, Resume: "Opret en bruger", Tekst: "Et navn, der har været brugt, kan ikke bruges igen.",
			Krop: krop(NyBruger{}, `{"navn": "Kirsten Hansen", "rolle": "drift", "kodeord": "fem blå cykler i regnvejr"}`, "navn", "rolle", "kodeord"), Svar: gjort()},
		{Metode: "POST", Sti: "brugere/{navn}/rolle", Navn: "brugerrolle", Emne: emne, Resume: "Giv en bruger en anden rolle", Tekst: "Brugeren bliver logget ud.", Parametre: navn("Kirsten Hansen"),
			Krop: krop(Brugerrolle{}, `{"rolle": "laeser"}`, "rolle"), Svar: gjort()},
		{Metode: "POST", Sti: "brugere/{navn}/kreds", Navn: "brugerkreds", Emne: emne, Resume: "Sæt, hvad en bruger må nå i registeret",
			Tekst: "Det, der ikke nævnes, begrænser ikke; null er hele registeret, men ikke navne på personer med beskyttelse. Brugeren bliver logget ud.", Parametre: navn("Kirsten Hansen"),
			Krop: krop(Brugerkreds{}, `{"kreds": {"myndigheder": ["29189846"], "kle": ["02.*"]}, "begrundelse": "arbejder kun med byggesager"}`, "kreds"), Svar: gjort()},
		{Metode: "POST", Sti: "brugere/{navn}/kodeord", Navn: "brugerkodeord", Emne: emne, Resume: "Giv en bruger et nyt kodeord", Tekst: "Brugeren bliver logget ud.", Parametre: navn("Kirsten Hansen"),
			Krop: krop(Brugerkodeord{}, `{"kodeord": "syv grønne lamper på loftet"}`, "kodeord"), Svar: gjort()},
		{Metode: "POST", Sti: "brugere/{navn}/log-ud", Navn: "logBrugerUd", Emne: emne, Resume: "Log en bruger ud alle steder", Tekst: "Kodeordet gælder stadig.", Parametre: navn("Kirsten Hansen"),
			Krop: krop(Begrundelse{}, `{"begrundelse": "har mistet sin computer"}`), Svar: gjort()},
		{Metode: "POST", Sti: "brugere/{navn}/luk", Navn: "lukBruger", Emne: emne, Resume: "Luk en bruger", Tekst: "Brugeren bliver logget ud, og kan ikke åbnes igen.", Parametre: navn("Kirsten Hansen"),
			Krop: krop(Begrundelse{}, `{"begrundelse": "har fået andet arbejde"}`), Svar: gjort()},
	}
}
