package app

import (
	"reflect"
	"strings"
)

// Indstilling is one setting of mox.yaml.
type Indstilling struct {
	Sti       string `json:"sti"`       // "alarmer.mail.server"; "[]" stands for each of a list
	Form      string `json:"form"`      // what is to be written
	Betydning string `json:"betydning"` // with the standard, where there is one
}

// Beskriv gives every setting of mox.yaml, in the order of the file. What they mean stands in [betydninger]; a test holds it
// against the settings that are read.
func Beskriv() []Indstilling {
	return felterI(reflect.TypeFor[Config](), "")
}

func felterI(t reflect.Type, foran string) (ud []Indstilling) {
	for i := range t.NumField() {
		navn, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if navn == "" || navn == "-" {
			continue
		}
		sti, type_ := foran+navn, t.Field(i).Type
		form, indre := formAf(type_)
		if indre == nil {
			ud = append(ud, Indstilling{sti, form, betydninger()[sti]})
			continue
		}
		if form == "liste" {
			sti += "[]"
		}
		ud = append(ud, felterI(indre, sti+".")...)
	}
	return ud
}

// formAf is how a value of the type is written, and the type of the parts of one that has settings of its own.
func formAf(t reflect.Type) (form string, indre reflect.Type) {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Struct:
		return "afsnit", t
	case reflect.Slice:
		if t.Elem().Kind() == reflect.Struct {
			return "liste", t.Elem()
		}
		return "liste af tekst", nil
	case reflect.Map:
		return "navn: værdi", nil
	case reflect.Int:
		return "helt tal", nil
	case reflect.Bool:
		return "ja eller nej", nil
	}
	return "tekst", nil
}

// betydninger are what the settings mean.
func betydninger() map[string]string {
	return map[string]string{
		"listen":       "konsollens og API'ets adresse på denne maskine; standard " + StandardListen,
		"database":     "postgres://bruger@vært:port/database; tom: en fil i datamappen (SQLite)",
		"agenter":      "filer med agenter, som denne proces kører",
		"fjernagenter": "filer med agenter, der kører et andet sted med mox agent run",
		"aftaler":      "filer med tilslutningsaftaler, eller mønstre: aftaler/*.yaml",
		"processer":    "fil med MOX-processer, der tælles",
		"koder":        "aftalens kodefil til Haendelsesbeskeder, der kommer over HTTP",
		"roller":       "fil med rollernes Klasser til registreringer i XML",

		"fjern.listen":             "adresse for andre maskiner, fx 0.0.0.0:8443; tom: kun denne maskine. Kræver certifikat og noegle",
		"fjern.vaerter":            "navne, andre kender maskinen under",
		"fjern.certifikat":         "PEM-fil med MOX' eget certifikat",
		"fjern.noegle":             "PEM-fil med certifikatets nøgle",
		"fjern.api_noegler":        "fil med API-nøgler; lav dem med mox noegle ny",
		"fjern.klient_ca":          "PEM-fil med udstederen af klienters certifikater",
		"fjern.klienter[].navn":    "klientens navn; et systems agent har sit eget",
		"fjern.klienter[].system":  "det system, klienten må tale for",
		"fjern.klienter[].sha256":  "certifikatets fingeraftryk i hex; eller subject",
		"fjern.klienter[].subject": "certifikatets subject: CN=esdh,O=Eksempel Kommune,C=DK",

		"oidc[].udsteder":           "OpenID-udstederen, som den står i systemernes tokens",
		"oidc[].audience":           "det, udstederen kalder denne MOX",
		"oidc[].claim":              "det claim, der navngiver systemets klient: azp, client_id eller appid",
		"oidc[].ca":                 "PEM-fil med udstederens udsteder; tom: maskinens egne",
		"oidc[].systemer[].vaerdi":  "værdien af claim for systemet",
		"oidc[].systemer[].navn":    "navnet, som for en API-nøgle",
		"oidc[].systemer[].system":  "det system, der må tales for",
		"oidc_personer.udsteder":    "OpenID-udstederen, hvor personer logger ind",
		"oidc_personer.klient":      "det, udstederen kalder denne MOX",
		"oidc_personer.hemmelighed": "fil med klientens hemmelighed; tom: den har ingen",
		"oidc_personer.adresse":     "MOX' adresse, som browseren har den: https://mox.kommune.dk",
		"oidc_personer.navn":        "claim med personens navn; standard preferred_username",
		"oidc_personer.claim":       "claim med grupper eller roller: groups, eller realm_access.roles",
		"oidc_personer.roller":      "gruppe: rolle i MOX (laeser, drift eller administrator)",
		"oidc_personer.ca":          "PEM-fil med udstederens udsteder; tom: maskinens egne",

		"amqp.url":          "amqp://bruger@vært/vhost, eller amqps; tom: ingen beskedmægler",
		"amqp.kodeord":      "fil med brugerens kodeord",
		"amqp.ca":           "amqps: PEM-fil med beskedmæglerens udsteder; tom: maskinens egne",
		"amqp.certifikat":   "amqps: PEM-fil; uden bruger i url logger MOX ind med certifikatet",
		"amqp.noegle":       "amqps: PEM-fil med certifikatets nøgle",
		"amqp.systemer":     "systemer, der sender til hver sin exchange",
		"amqp.brugere":      "bruger hos beskedmægleren: det system, den sender for til mox.ind",
		"amqp.maks_laengde": "beskeder, der må stå i en modtagers kø",

		"kombit.url":               "amqps://vært:5671/BF, den nationale Beskedfordeler; tom: bruges ikke",
		"kombit.kodeord":           "fil med kodeord for brugeren i url",
		"kombit.ca":                "PEM-fil med udstederen; tom: maskinens egne",
		"kombit.certifikat":        "PEM-fil med aftalens systemcertifikat",
		"kombit.noegle":            "PEM-fil med certifikatets nøgle",
		"kombit.token.url":         "tokentjenestens adresse",
		"kombit.token.klient":      "klientens navn hos tokentjenesten",
		"kombit.token.hemmelighed": "fil med klientens hemmelighed; tom: certifikatet er nok",
		"kombit.dueslag":           "UUID'er for de dueslag, MOX tømmer",
		"kombit.fejlkoe":           "adressen på tjenesten med FlytBeskedTilFejlkoe",

		"push.oprindelse":   "det DNS-navn, modtagere kender denne MOX under",
		"push.ca":           "PEM-fil med modtagernes udsteder; tom: maskinens egne",
		"push.certifikat":   "PEM-fil til modtagere, der kræver et certifikat",
		"push.noegle":       "PEM-fil med certifikatets nøgle",
		"push.tilladte_net": "net uden for internettet, der må kaldes: 10.1.0.0/16",

		"alarmer.adresse":             "konsollens adresse, til links",
		"alarmer.mail.server":         "mailserveren: vært:port",
		"alarmer.mail.fra":            "afsender",
		"alarmer.mail.til":            "modtagere",
		"alarmer.mail.bruger":         "bruger hos mailserveren",
		"alarmer.mail.kodeord":        "fil med brugerens kodeord",
		"alarmer.mail.tls":            "starttls (standard), tls eller ingen",
		"alarmer.webhook.url":         "adresse, alarmer sendes til; https, eller http på denne maskine",
		"alarmer.webhook.hemmelighed": "fil med whsec_…, som kaldene underskrives med",
		"alarmer.gentag":              "hvor ofte en alarm, der varer ved, siges igen; 0: aldrig",
		"alarmer.saml":                "hvor længe alarmer samles, før de sendes; 0: hver for sig",
		"alarmer.ro":                  "hvor længe årsagen skal være væk, før alarmen er ovre",
		"alarmer.aeldste":             "alder på den ældste besked, der venter; 0: reglen er slået fra",
		"alarmer.pause":               "hvor længe et abonnement må stå på pause; 0: reglen er slået fra",
		"alarmer.venter":              "hvor længe en fejl må vente på en person; 0: reglen er slået fra",
		"alarmer.kontakt":             "hvor længe en kilde må være uden kontakt; 0: reglen er slået fra",
		"alarmer.stille":              "hvor længe en kilde må være stille; 0: reglen er slået fra",
		"alarmer.certifikat":          "hvor længe før et certifikats udløb; 0: reglen er slået fra",
		"alarmer.forsoeg":             "mislykkede forsøg i træk; 0: reglen er slået fra",
		"alarmer.fejlandel":           "procent af forsøgene, der mislykkes; 0: reglen er slået fra",
		"alarmer.kildefejl":           "poster i træk, en kilde ikke kan levere; 0: reglen er slået fra",
		"alarmer.disk_procent":        "mindste ledige plads på disken, i procent; 0: reglen er slået fra",
		"alarmer.disk_mb":             "mindste ledige plads på disken, i MB; 0: reglen er slået fra",

		"register.system":        "det navn, registeret sender beskeder under; standard Register",
		"register.foelg":         "filter: de beskeder fra andre systemer, registeret fører indeks over; tom: ingen",
		"register.foelsomhed":    "følsomhedsklassens UUID eller URN: følsomhedskoden; en ukendt er den mest følsomme",
		"register.kraev_formaal": "personer skal sige hvorfor, når de læser eller skriver om personer",

		"indhold.s3.url":         "objektlagerets adresse (S3), https://vært:port; uden indhold.s3 ligger dokumenterne i datamappen",
		"indhold.s3.region":      "regionen; standard us-east-1",
		"indhold.s3.bucket":      "den bucket, dokumenterne ligger i; den skal findes",
		"indhold.s3.forled":      "det, objekternes navne begynder med, i en bucket, andre også bruger: mox/",
		"indhold.s3.noegle":      "adgangsnøglens id",
		"indhold.s3.hemmelighed": "fil med adgangsnøglens hemmelighed",
		"indhold.s3.ca":          "PEM-fil med lagerets udsteder; tom: maskinens egne",

		"bevaring.beskedindhold": "dage, en beskeds indhold gemmes; 0: uden ende",
		"bevaring.metadata":      "dage, resten af beskeden, leverancer og kvitteringer gemmes; ikke kortere end beskedindhold",
		"bevaring.fejl":          "dage, det modtagne gemmes, efter at fejlen er lukket; 0: uden ende",
		"bevaring.forsoeg":       "dage, forsøg og svar gemmes; 0: uden ende",
		"bevaring.handlinger":    "dage, det, personer har gjort, gemmes; 0: uden ende",
		"bevaring.alarmer":       "dage, alarmer gemmes, efter at de er ovre; 0: uden ende",
		"bevaring.dokumenter":    "dage, dokumenter gemmes, efter at en besked sidst henviste til dem; 0: uden ende",
		"bevaring.registerbrug":  "dage, registerets brugslog gemmes; 0: uden ende",
	}
}
