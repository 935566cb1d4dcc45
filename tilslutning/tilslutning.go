// Package tilslutning writes the technical guide of one connection, for the vendor of the system at its other end: what is
// sent and received, field by field with examples, in which way, what the answers mean, and how to try it. It is made from
// what MOX itself works by, the agent's files with their recorded examples or the tilslutningsaftale, so it cannot say
// anything else than what happens. The text is Danish Markdown. spec: mox 60
package tilslutning

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/internal/problem"
	"github.com/moxkit/mox/oio"
)

// Om is what a guide says of itself.
type Om struct {
	Version string    // of MOX
	Dato    time.Time // when it was made
	Adresse string    // of the MOX that others reach, "https://mox.kommune.dk:8481"; "" = not told
}

// skriver collects a guide.
type skriver struct{ strings.Builder }

func (s *skriver) linje(format string, a ...any) { fmt.Fprintf(s, format+"\n", a...) }

// afsnit is a paragraph, with the empty line after it.
func (s *skriver) afsnit(format string, a ...any) { s.linje(format+"\n", a...) }

// tabel is a table of rows; one without rows is left out.
func (s *skriver) tabel(hoveder []string, raekker ...[]string) {
	if len(raekker) == 0 {
		return
	}
	s.linje("| %s |", strings.Join(hoveder, " | "))
	s.linje("|%s", strings.Repeat("---|", len(hoveder)))
	for _, r := range raekker {
		celler := make([]string, len(r))
		for i, c := range r {
			celler[i] = strings.NewReplacer("|", `\|`, "\n", " ").Replace(c)
		}
		s.linje("| %s |", strings.Join(celler, " | "))
	}
	s.linje("")
}

// blok is code as it stands.
func (s *skriver) blok(sprog, tekst string) {
	s.linje("```%s\n%s\n```\n", sprog, strings.TrimRight(tekst, "\n"))
}

// kode is a word set as code; nothing stays nothing.
func kode(s string) string {
	if s == "" {
		return ""
	}
	return "`" + strings.ReplaceAll(s, "`", "'") + "`"
}

func koder(ord []string) string {
	ud := make([]string, len(ord))
	for i, o := range ord {
		ud[i] = kode(o)
	}
	return strings.Join(ud, ", ")
}

func ellers(s, ellers string) string {
	if s == "" {
		return ellers
	}
	return s
}

func (s *skriver) om(om Om, hvad string) {
	s.afsnit("Lavet af MOX %s den %s af %s. Lav den igen, når de ændres.", om.Version, om.Dato.Format("2. 1. 2006"), hvad)
}

// kvitteringer says what a sender can learn of its besked.
func (s *skriver) kvitteringer() {
	s.linje("## Kvitteringer\n")
	s.afsnit("Hver besked får kvitteringer. Afsenderen kan spørge til dem (`GET /api/v1/beskeder/{beskedID}`, og `…/uafsluttede` for dem uden endeligt svar) eller få dem som beskeder med et abonnement, hvis filter er `beskedtype: Kvittering`.")
	s.tabel([]string{"Kvittering", "Slags", "Betydning"},
		[]string{kode(string(mox.KvitModtaget)), "teknisk", "MOX har gemt beskeden og ansvaret for den"},
		[]string{kode(string(mox.KvitSendtTil)), "teknisk", "så mange modtagere har bedt om den; 0 er ingen fejl"},
		[]string{kode(string(mox.KvitAfleveret)), "teknisk", "den ligger i en modtagers kø"},
		[]string{kode(string(mox.KvitAccepteret)), "forretning", "modtageren har gjort sit"},
		[]string{kode(string(mox.KvitAfvist)), "forretning", "modtageren siger nej, med en begrundelse"},
		[]string{kode(string(mox.KvitFejlet)), "forretning", "den kunne ikke afleveres; en person ser på det"},
		[]string{kode(string(mox.KvitFrist)), "forretning", "fristen gik, før modtageren havde den"})
}

// fejl are the answers to what cannot be taken, with what to do.
func (s *skriver) fejl() {
	s.linje("## Fejl, og hvad der gør dem gode igen\n")
	s.afsnit("Over HTTP er en fejl et problemdokument (RFC 9457) med `kode`, `detail`, `felter` og næste skridt. Over AMQP er den en StandardRetur til den, der har sat `reply-to`; resten står hos kommunen under *Fejl til behandling*.")
	var raekker [][]string
	for _, f := range fejlraad() {
		raekker = append(raekker, []string{kode(string(f.kode)), fmt.Sprint(problem.Status(f.kode)) + " " + http.StatusText(problem.Status(f.kode)), f.betydning, f.raad})
	}
	s.tabel([]string{"Kode", "HTTP", "Betydning", "Gør sådan"}, raekker...)
}

type fejlraekke struct {
	kode            mox.Kode
	betydning, raad string
}

func fejlraad() []fejlraekke {
	return []fejlraekke{
		{mox.KodeUdenBeskedID, "beskeden har intet beskedID", "giv hver besked sit eget; send den så igen"},
		{mox.KodeBeskedversion, "beskedversion kendes ikke", "skriv 1.0, eller udelad den"},
		{mox.KodeUgyldig, "noget mangler eller er skrevet forkert; `felter` siger hvor", "ret det nævnte, og send med et nyt beskedID"},
		{mox.KodeUenig, "headers og indhold siger hver sit", "lad dem sige det samme"},
		{mox.KodeAndetIndhold, "beskedID er brugt før, til noget andet", "brug aldrig et beskedID igen"},
		{mox.KodeForStor, "beskeden er for stor", "send en objektreference, eller dokumentets bytes til `/indhold`"},
		{mox.KodeIkkeLoggetInd, "nøglen, tokenet eller certifikatet kendes ikke", "få en ny hos kommunen; prøv ikke igen med den samme"},
		{mox.KodeIkkeTilladt, "tilslutningsaftalen tillader det ikke", "send det ikke igen; tal med kommunen om aftalen"},
		{mox.KodeUdloebet, "gyldigTil er passeret", "send en ny besked, hvis den stadig gælder"},
		{mox.KodeLoekke, "beskeder går i ring mellem systemer", "lad det, der kommer udefra, ikke blive til en ny besked"},
		{mox.KodeForMange, "der er kaldt for ofte", "vent, så længe `Retry-After` siger"},
		{mox.KodeUtilgaengelig, "MOX kan ikke lige nu", "send den samme besked igen lidt senere, med samme beskedID"},
		{mox.KodeDiskFuld, "MOX har ikke plads", "som ovenfor; kommunen har fået en alarm"},
	}
}

// standardretur are the codes a sender over AMQP is answered with.
func (s *skriver) standardretur() {
	s.tabel([]string{"StatusKode", "Betydning", "Gør sådan"},
		[]string{kode(fmt.Sprint(oio.StatusModtaget)), "modtaget og gemt", "intet"},
		[]string{kode(fmt.Sprint(oio.StatusIkkeUnderstoet)), "bliver aldrig taget, som den er; FejlbeskedTekst siger hvorfor", "ret den, og send den med et nyt beskedID"},
		[]string{kode(fmt.Sprint(oio.StatusKuvertversion)), "beskedversion kendes ikke", "skriv 1.0"},
		[]string{"intet svar", "den er ikke gemt endnu", "send den samme igen, med samme beskedID"})
}

// proev is how a vendor tries its side.
func (s *skriver) proev() {
	s.linje("## Prøv det\n")
	s.afsnit("`mox snitfladetest run` prøver et system som afsender eller modtager, uden MOX-kode hos leverandøren: hver prøve siger, hvad der skulle ske, hvad der skete, og hvilket krav det er. Vejledningen om snitfladetesten siger hvordan. Kommunens MOX viser hver besked med dens forløb i konsollen under *Beskeder*.")
}
