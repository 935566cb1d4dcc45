package tilslutning

import (
	"maps"
	"slices"
	"strings"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/agent"
	"github.com/moxkit/mox/carrier/amqp"
)

// ForAftale is the guide for a vendor whose system sends or receives beskeder itself, under an agreement.
func ForAftale(a *mox.Aftale, om Om) (string, error) {
	s := &skriver{}
	s.afsnit("# %s og MOX: teknisk vejledning", a.System)
	s.om(om, "tilslutningsaftalen `"+a.Navn+"`")
	s.afsnit("Til den, der leverer %s, når systemet selv sender og modtager hændelsesbeskeder. Felternes betydning står i specifikationen *Beskedheaders 1.0*, som er bilag.", a.System)
	s.aftalen(a)
	s.rettigheder("Systemet må sende", a.MaaSende)
	s.rettigheder("Systemet må få", a.MaaModtage)
	s.udlevering(a)
	for _, t := range objekttyper(a) {
		if err := s.beskedOm(a, t); err != nil {
			return "", err
		}
	}
	if len(a.MaaSende) > 0 {
		s.send(a, om)
	}
	if len(a.MaaModtage) > 0 {
		s.modtag(a, om)
	}
	s.kvitteringer()
	s.fejl()
	s.proev()
	return s.String(), nil
}

func (s *skriver) aftalen(a *mox.Aftale) {
	s.linje("## Aftalen\n")
	gyldig := "fra " + agent.Aftaledag(a.GyldigFra)
	if !a.GyldigTil.IsZero() {
		gyldig += " til og med " + agent.Aftaledag(a.GyldigTil.AddDate(0, 0, -1))
	}
	s.tabel([]string{"", ""}, []string{"system", kode(a.System)}, []string{"dataansvarlig", a.Dataansvarlig.Navn + ", CVR " + a.Dataansvarlig.CVR},
		[]string{"databehandler", a.Databehandler.Navn + ", CVR " + a.Databehandler.CVR}, []string{"formål", a.Formaal}, []string{"hjemmel", a.Hjemmel},
		[]string{"kategorier af oplysninger", strings.Join(a.Kategorier, ", ")}, []string{"slettefrist hos modtageren", a.Slettefrist}, []string{"gælder", gyldig})
}

func (s *skriver) rettigheder(hvad string, l []mox.Ret) {
	s.linje("## %s\n", hvad)
	if len(l) == 0 {
		s.afsnit("Intet.")
		return
	}
	s.afsnit("Beskeder, der passer på hele én linje. Et tomt felt er uden betydning; følsomhed er så kun `%s`.", mox.IkkeFortrolig)
	var raekker [][]string
	for _, r := range l {
		var typer []string
		for _, t := range r.Objekttyper {
			typer = append(typer, string(t))
		}
		raekker = append(raekker, []string{koder(r.Beskedtyper), koder(typer), koder(r.KLE), koder(r.Myndigheder), koder(r.Foelsomhed)})
	}
	s.tabel([]string{"Beskedtype", "Objekttype", "KLE", "Myndighed (CVR)", "Følsomhed"}, raekker...)
}

func (s *skriver) udlevering(a *mox.Aftale) {
	if len(a.Felter) == 0 {
		return
	}
	s.linje("### Det, der udleveres\n")
	s.afsnit("Alt andet er taget ud, før beskeden sendes; den har da feltet `beskaaret`.")
	var raekker [][]string
	for _, t := range slices.Sorted(maps.Keys(a.Felter)) {
		raekker = append(raekker, []string{string(t), koder(a.Felter[t])})
	}
	s.tabel([]string{"Objekttype", "Felter"}, raekker...)
}

// objekttyper are those that the agreement is about; Sag and Dokument where it names none.
func objekttyper(a *mox.Aftale) []mox.ObjektType {
	ud := map[mox.ObjektType]bool{}
	for _, r := range slices.Concat(a.MaaSende, a.MaaModtage) {
		for _, t := range r.Objekttyper {
			ud[t] = true
		}
	}
	if len(ud) == 0 {
		return []mox.ObjektType{mox.Dokument, mox.Sag}
	}
	return slices.Sorted(maps.Keys(ud))
}

// beskedOm tells of the beskeder about one type of objekt: its fields, code lists, and an example in each form.
func (s *skriver) beskedOm(a *mox.Aftale, t mox.ObjektType) error {
	type_, ok := mox.TypeAf(t)
	if !ok {
		return mox.E("tilslutning", mox.KodeUgyldig, "aftalen nævner objekttypen %q, som ikke findes", t)
	}
	s.linje("## Beskeder om %s\n", t)
	s.afsnit("`livscykluskode` er %s. Indholdet er hele den nyeste registrering, eller `objektreference` siger, hvor den kan læses.", koder(livscyklusser()))
	s.standardfelter(type_)
	vaerdier := saadan(t)
	if vaerdier == nil {
		return nil
	}
	b, err := besked(a.System, t, mox.Opstaaet, vaerdier)
	if err != nil {
		return err
	}
	s.linje("### Eksempel\n")
	return s.former(&b)
}

func livscyklusser() (ud []string) {
	for _, k := range mox.LivscyklusKoder() {
		ud = append(ud, string(k))
	}
	return ud
}

// standardfelter are the standard's fields of a type, with their code lists.
func (s *skriver) standardfelter(t *mox.Type) {
	var raekker [][]string
	for _, x := range t.Attributter {
		for _, f := range x.Felter {
			raekker = append(raekker, []string{kode("egenskaber." + f.Navn), feltslags(&f), map[bool]string{true: "ja"}[f.Kraev]})
		}
	}
	for _, x := range t.Tilstande {
		raekker = append(raekker, []string{kode("tilstande." + x.Felt), "en af " + koder(x.Vaerdi), map[bool]string{true: "ja"}[x.Kraev]})
	}
	for _, r := range t.Relationer {
		slags := "UUID eller URN"
		if r.Flere {
			slags += ", flere"
		}
		if r.Maal != "" {
			slags += "; " + r.Maal
		}
		raekker = append(raekker, []string{kode("relationer." + r.Navn), slags, ""})
	}
	s.tabel([]string{"Felt", "Slags", "Kræves"}, raekker...)
}

func feltslags(f *mox.Felt) string {
	ud := map[mox.Slags]string{mox.Tekst: "tekst", mox.Heltal: "heltal", mox.Boolsk: "true eller false", mox.Dato: "dato, `2026-03-02`", mox.TidspunktSl: "tidspunkt med zone", mox.Liste: "liste"}[f.Slags]
	if len(f.Vaerdi) > 0 {
		ud = "en af " + koder(f.Vaerdi)
	}
	return ud
}

func (s *skriver) send(a *mox.Aftale, om Om) {
	s.linje("## Send\n")
	s.afsnit("Giv hver besked sit eget `beskedID`. Kommer der intet svar, så send den samme igen, med samme `beskedID` og samme indhold: den virker én gang. Beskeder om det samme objekt sendes i den rækkefølge, de skete.")
	s.linje("### Over HTTP\n")
	s.blok("text", "POST "+ellers(om.Adresse, "https://ADRESSE")+"/api/v1/beskeder\nAuthorization: Bearer NØGLE\nContent-Type: application/json, application/xml eller application/cloudevents+json")
	s.afsnit("Svaret 202 kommer, når beskeden er gemt. Højst 500 beskeder i ét kald. Et klientcertifikat eller et token kan bruges i stedet for en nøgle.")
	s.linje("### Over AMQP 0-9-1\n")
	s.tabel([]string{"", ""}, []string{"exchange", kode(amqp.Exchange(a.System))}, []string{"routing key", "uden betydning"}, []string{"svarkø", kode(amqp.Svarkoe(a.System)) + ", eller `amq.rabbitmq.reply-to`, i `reply-to`"},
		[]string{"egenskaber", "`message-id` = beskedID, `content-type`, `delivery-mode` 2; `mandatory`, og vent på mæglerens confirm"})
	s.standardretur()
}

func (s *skriver) modtag(a *mox.Aftale, om Om) {
	s.linje("## Modtag\n")
	s.afsnit("Kommunen opretter et abonnement med et filter til %s. Den samme besked kan komme igen: kend den på `beskedID`, og gem dit eget resultat, før du kvitterer.", a.System)
	s.linje("### Hent over HTTP\n")
	adresse := ellers(om.Adresse, "https://ADRESSE")
	s.blok("text", "POST "+adresse+"/api/v1/abonnementer/ABONNEMENT/hent        {\"ejer\": \"modtager-1\", \"n\": 10, \"vent_sekunder\": 30}\nPOST "+adresse+"/api/v1/leverancer/LEVERANCE/afslut       {\"forsoeg\": 1, \"ejer\": \"…\", \"udfald\": {\"resultat\": \"accepteret\"}}\nGET  "+adresse+"/api/v1/abonnementer/ABONNEMENT/feed?efter=0")
	s.linje("### Bliv kaldt over HTTP\n")
	s.afsnit("MOX kalder systemets adresse med CloudEvents eller Haendelsesbesked, underskrevet efter Standard Webhooks. Svar 2xx, når resultatet er gemt; 409 eller 422 er et nej, 429 og 5xx prøves igen.")
	s.linje("### Over AMQP 0-9-1\n")
	s.afsnit("Kø: %s. Kvittér (`ack`), når resultatet er gemt. Kræver abonnementet en kvittering, så send en besked med `beskedtype: Kvittering` til %s.", kode(amqp.Koe("ABONNEMENT")), kode(amqp.Exchange(a.System)))
}
