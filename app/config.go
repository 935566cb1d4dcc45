package app

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/agent"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/internal/janej"
	"github.com/moxkit/mox/mapping"
	"github.com/moxkit/mox/oio"
	"github.com/moxkit/mox/store"
)

// Config is what a MOX installation is told in DIR/mox.yaml. Everything may be left out.
type Config struct {
	Dir          string               `yaml:"-"`
	Listen       string               `yaml:"listen"`        // address of the console and the API; loopback only
	Database     string               `yaml:"database"`      // postgres://…; empty = SQLite in DIR
	Agenter      []string             `yaml:"agenter"`       // agents' files, run by this process
	Fjernagenter []string             `yaml:"fjernagenter"`  // agents' files, run elsewhere by mox agent run
	Aftaler      []string             `yaml:"aftaler"`       // tilslutningsaftaler: files, or patterns as aftaler/*.yaml
	Processer    string               `yaml:"processer"`     // file of MOX-processer
	Koder        string               `yaml:"koder"`         // the agreement's code file, for Haendelsesbeskeder that come over HTTP
	Roller       string               `yaml:"roller"`        // file of the roles' Klasser, for registreringer in XML
	Fjern        Fjern                `yaml:"fjern"`         // the listener for others than this machine
	OIDC         []auth.Udsteder      `yaml:"oidc"`          // OpenID providers whose tokens let systems in
	OIDCPersoner *auth.Personudsteder `yaml:"oidc_personer"` // the OpenID provider where people log in
	AMQP         AMQP                 `yaml:"amqp"`          // the broker
	KOMBIT       KOMBIT               `yaml:"kombit"`        // the national Beskedfordeler
	Push         Push                 `yaml:"push"`          // calls to receivers
	Alarmer      Alarmer              `yaml:"alarmer"`       // who is told when something is wrong
	Register     Register             `yaml:"register"`      // MOX's own register
	Indhold      Indhold              `yaml:"indhold"`       // where documents' bytes are kept
	Bevaring     Bevaring             `yaml:"bevaring"`      // how long everything is kept

	kilde []byte // the file, for the line of what is wrong in it
}

// Register is MOX's own register of Sager, Dokumenter and the rest.
type Register struct {
	System string         `yaml:"system"` // the name it sends beskeder under; empty = Register
	Foelg  map[string]any `yaml:"foelg"`  // a filter: which beskeder of other systems it keeps an index of; empty = none
	// Foelsomhed says what each foelsomhedsklasse, by UUID or URN, means; one that is not named is the most sensitive.
	Foelsomhed   map[string]string `yaml:"foelsomhed"`
	KraevFormaal janej.JaNej       `yaml:"kraev_formaal"` // people must say why they read or write what is about persons
}

// Bevaring is how many days each kind is kept; 0 is without end, and what is left out has its standard.
type Bevaring struct {
	Beskedindhold *int `yaml:"beskedindhold"`
	Metadata      *int `yaml:"metadata"`
	Fejl          *int `yaml:"fejl"`
	Forsoeg       *int `yaml:"forsoeg"`
	Handlinger    *int `yaml:"handlinger"`
	Alarmer       *int `yaml:"alarmer"`
	Dokumenter    *int `yaml:"dokumenter"`
	Registerbrug  *int `yaml:"registerbrug"`
}

// Fjern is the listener for remote agents, systems and people. It opens only with TLS. Systems come with API keys, client
// certificates, or tokens (see [Config.OIDC]), people with the accounts in the database; nobody else gets in.
type Fjern struct {
	Listen     string                  `yaml:"listen"`
	Vaerter    []string                `yaml:"vaerter"`     // names that others know this machine by
	Certifikat string                  `yaml:"certifikat"`  // PEM file
	Noegle     string                  `yaml:"noegle"`      // PEM file
	APINoegler string                  `yaml:"api_noegler"` // file of API keys
	KlientCA   string                  `yaml:"klient_ca"`   // PEM file with the issuer of client certificates
	Klienter   []auth.Klientcertifikat `yaml:"klienter"`    // whose certificates let them in
}

// Push is how receivers are called.
type Push struct {
	Oprindelse  string   `yaml:"oprindelse"`   // the DNS name that receivers know this MOX by
	CA          string   `yaml:"ca"`           // PEM file with the receivers' issuer; empty = the machine's own
	Certifikat  string   `yaml:"certifikat"`   // PEM file, for receivers that ask for one
	Noegle      string   `yaml:"noegle"`       // PEM file
	TilladteNet []string `yaml:"tilladte_net"` // that may be called although they are not on the internet: 10.1.0.0/16
}

// Alarmer is what is too much, and who is told. Times are as "15m"; "0" turns a rule off; what is left out has its standard.
type Alarmer struct {
	Adresse     string          `yaml:"adresse"` // of the console, for links
	Mail        *AlarmerMail    `yaml:"mail"`
	Webhook     *AlarmerWebhook `yaml:"webhook"`
	Gentag      string          `yaml:"gentag"` // 0 = never
	Saml        string          `yaml:"saml"`   // 0 = each at once
	Ro          string          `yaml:"ro"`     // 0 = an alarm has ended when its cause is away
	Aeldste     string          `yaml:"aeldste"`
	Pause       string          `yaml:"pause"`
	Venter      string          `yaml:"venter"`
	Kontakt     string          `yaml:"kontakt"`
	Stille      string          `yaml:"stille"`
	Certifikat  string          `yaml:"certifikat"`
	Forsoeg     *int            `yaml:"forsoeg"`
	Fejlandel   *int            `yaml:"fejlandel"` // percent
	Kildefejl   *int            `yaml:"kildefejl"`
	DiskProcent *int            `yaml:"disk_procent"`
	DiskMB      *int            `yaml:"disk_mb"`
}

// AlarmerMail is a mail server and who gets the mail.
type AlarmerMail struct {
	Server  string   `yaml:"server"` // host:port
	Fra     string   `yaml:"fra"`
	Til     []string `yaml:"til"`
	Bruger  string   `yaml:"bruger"`
	Kodeord string   `yaml:"kodeord"` // file
	TLS     string   `yaml:"tls"`     // starttls (standard), tls or ingen
}

// AlarmerWebhook is an address that alarms are posted to.
type AlarmerWebhook struct {
	URL         string `yaml:"url"`
	Hemmelighed string `yaml:"hemmelighed"` // file with whsec_…
}

// AMQP is the broker that beskeder come from and go to, and who may send.
type AMQP struct {
	URL         string            `yaml:"url"`          // amqp://user@host/vhost, or amqps; empty = no broker
	Kodeord     string            `yaml:"kodeord"`      // file with the user's password
	CA          string            `yaml:"ca"`           // amqps: PEM file with the broker's issuer; empty = the machine's own
	Certifikat  string            `yaml:"certifikat"`   // amqps: PEM file; without a user in url MOX logs in by it (SASL EXTERNAL)
	Noegle      string            `yaml:"noegle"`       // amqps: PEM file
	Systemer    []string          `yaml:"systemer"`     // systems that send to an exchange of their own
	Brugere     map[string]string `yaml:"brugere"`      // broker users that send to mox.ind, each as its system
	MaksLaengde int               `yaml:"maks_laengde"` // beskeder in one receiver's queue
}

// KOMBIT is how MOX uses the national Beskedfordeler. CA, Certifikat and Noegle serve the token service and the error queue too.
type KOMBIT struct {
	URL        string   `yaml:"url"`        // amqps://host:5671/BF; with a user in it that is the login, else the token is
	Kodeord    string   `yaml:"kodeord"`    // file with the user's password
	CA         string   `yaml:"ca"`         // PEM file with the issuer; empty = the machine's own
	Certifikat string   `yaml:"certifikat"` // PEM file: the system certificate of the agreement
	Noegle     string   `yaml:"noegle"`     // PEM file
	Token      Token    `yaml:"token"`
	Dueslag    []string `yaml:"dueslag"` // UUIDs of the queues that MOX empties
	Fejlkoe    string   `yaml:"fejlkoe"` // address of the service with FlytBeskedTilFejlkoe
}

// Token is where the token for the national Beskedfordeler comes from.
type Token struct {
	URL         string `yaml:"url"`
	Klient      string `yaml:"klient"`
	Hemmelighed string `yaml:"hemmelighed"` // file; empty = the certificate is enough
}

// StandardListen is where mox serve listens when nothing else is said.
const StandardListen = "127.0.0.1:8480"

// LaesConfig reads DIR/mox.yaml; a folder without one is a new installation. The error is an [*mox.Error] that names the
// file, the line and what to do.
func LaesConfig(dir string) (Config, error) {
	c := Config{Dir: dir, Listen: StandardListen}
	fil := filepath.Join(dir, "mox.yaml")
	b, err := os.ReadFile(fil)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) { // Open tells what is wrong with the folder
		return c, nil
	}
	if err != nil {
		return c, mox.E("config", mox.KodeUgyldig, "%s kan ikke læses: %v", fil, aarsag(err)).Med("giv brugeren ret til at læse filen")
	}
	err = laesYAML(fil, b, &c)
	c.Dir, c.Listen, c.kilde = dir, cmp.Or(c.Listen, StandardListen), b // a file of nothing but comments has emptied them
	return c, err
}

// medLinje tells where in mox.yaml the setting stands that an error is about: it names the setting by its path,
// "alarmer.gentag", or one above it.
func (c *Config) medLinje(err error) error {
	e, ok := err.(*mox.Error) // as the parts give it: one that wraps others says more than its place
	if !ok || len(c.kilde) == 0 {
		return err
	}
	for _, tekst := range []string{e.Tekst, e.Raad} {
		for _, fundet := range indstilling.FindAllStringSubmatch(tekst, -1) {
			if linje := linjeAf(c.kilde, cmp.Or(fundet[1], fundet[2])); linje > 0 {
				med := *e
				med.Tekst = fmt.Sprintf("%s:%d: %s", filepath.Join(c.Dir, "mox.yaml"), linje, e.Tekst)
				return &med
			}
		}
	}
	return err
}

// indstilling finds the path of a setting in a text.
var indstilling = regexp.MustCompile(`^(listen|database|aftaler)\b|(?:^|\s)((?:alarmer|amqp|bevaring|fjern|indhold|kombit|push|register)(?:\.[a-z_]+)+)\b`)

// linjeAf is the line of a setting in a YAML text, or of the nearest one above it; 0 = it is not there at all.
func linjeAf(b []byte, sti string) (linje int) {
	fil, err := parser.ParseBytes(b, 0)
	if err != nil || len(fil.Docs) == 0 {
		return 0
	}
	her := fil.Docs[0].Body
	for led := range strings.SplitSeq(sti, ".") {
		noegle, vaerdi := opslag(her, led)
		if noegle == nil {
			return linje
		}
		linje, her = noegle.GetToken().Position.Line, vaerdi
	}
	return linje
}

// opslag finds a key of a mapping; nil when it has none such.
func opslag(n ast.Node, navn string) (noegle, vaerdi ast.Node) {
	m, ok := n.(ast.MapNode)
	if !ok {
		return nil, nil
	}
	for i := m.MapRange(); i.Next(); {
		if i.Key().GetToken().Value == navn {
			return i.Key(), i.Value()
		}
	}
	return nil, nil
}

func laesYAML(fil string, b []byte, v any) error {
	if err := yaml.UnmarshalWithOptions(b, v, yaml.Strict()); err != nil {
		return mox.E("config", mox.KodeUgyldig, "%s: %s", fil, yaml.FormatError(err, false, true)).Med("ret filen")
	}
	return nil
}

// check holds the addresses against the rule that nobody gets in from outside without being let in.
func (c *Config) check() error {
	if !loopback(c.Listen) {
		return mox.E("config", mox.KodeIkkeTilladt, "listen: %q er ikke en adresse på denne maskine", c.Listen).
			Med("brug 127.0.0.1:PORT; andre maskiner får adgang gennem fjern.listen i mox.yaml med TLS og API-nøgle")
	}
	f := c.Fjern
	switch {
	case (f.KlientCA == "") != (len(f.Klienter) == 0):
		return mox.E("config", mox.KodeUgyldig, "fjern.klient_ca og fjern.klienter hører sammen").Med("sig, hvem der udsteder klienternes certifikater, og hvem de er")
	case f.Listen == "":
		return nil
	case f.Certifikat == "" || f.Noegle == "":
		return mox.E("config", mox.KodeUgyldig, "fjern.listen kræver fjern.certifikat og fjern.noegle").Med("uden TLS lytter MOX kun på denne maskine")
	}
	return nil
}

// udenRettigheder reports whether nothing is said of who may do what: MOX is then for this machine only.
func (c *Config) udenRettigheder() bool {
	return c.Fjern.APINoegler == "" && len(c.Fjern.Klienter) == 0 && len(c.OIDC) == 0 && len(c.Aftaler) == 0
}

// loopback reports whether only this machine can reach the address.
func loopback(adresse string) bool {
	host, _, err := net.SplitHostPort(adresse)
	ip := net.ParseIP(host)
	return err == nil && (host == "localhost" || ip != nil && ip.IsLoopback())
}

// databasefil is where SQLite keeps the database, when no other is named.
func (c *Config) databasefil() string { return filepath.Join(c.Dir, "mox.db") }

func (c *Config) sti(p string) string {
	if filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(c.Dir, p)
}

// laesAgenter reads the agents' files. Every problem in every file is told at once.
func (c *Config) laesAgenter(filer []string) ([]*agent.Spec, error) {
	var ud []*agent.Spec
	var fejl []mapping.Problem
	for _, f := range filer {
		s, problems := agent.Load(c.sti(f))
		if s == nil {
			fejl = append(fejl, problems...)
			continue
		}
		ud = append(ud, s)
	}
	if len(fejl) > 0 {
		return nil, Problemer(fejl)
	}
	return ud, nil
}

// laesAftaler reads the agreements. Every problem in every file is told at once. A pattern that finds no file is an error:
// with no agreement at all, everybody may have what is not sensitive.
func (c *Config) laesAftaler() (ud mox.Aftaler, err error) {
	var fejl []mapping.Problem
	for i, moenster := range c.Aftaler {
		filer, err := filepath.Glob(c.sti(moenster))
		if err != nil || len(filer) == 0 {
			return nil, mox.E("config", mox.KodeUgyldig, "aftaler[%d]: der er ingen fil %s", i, c.sti(moenster)).Med("ret aftaler i mox.yaml")
		}
		for _, f := range filer {
			a, problemer := agent.LoadAftale(f)
			fejl = append(fejl, problemer...)
			if a != nil {
				ud = append(ud, *a)
			}
		}
	}
	if len(fejl) > 0 {
		return nil, problemer("tilslutningsaftalerne har fejl", fejl).Med("ret filerne; mox aftale check viser det samme")
	}
	return ud, nil
}

// Problemer is what is wrong in an agent's files as one error.
func Problemer(ps []mapping.Problem) error {
	return problemer("agentens filer har fejl", ps).Med("ret filerne; mox agent check viser alt på én gang")
}

func problemer(hvad string, ps []mapping.Problem) *mox.Error {
	e := mox.E("agent", mox.KodeUgyldig, "%s", hvad)
	for _, p := range ps {
		if !p.Warning {
			e.Felter = append(e.Felter, mox.Feltfejl{Sti: fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column), Regel: "agent", Tekst: tekstMedRaad(p)})
		}
	}
	return e
}

func tekstMedRaad(p mapping.Problem) string {
	if p.Hint == "" {
		return p.Text
	}
	return p.Text + " (" + p.Hint + ")"
}

// procesfil is one process as it stands in the file.
type procesfil struct {
	Navn    string             `yaml:"navn"`
	Start   map[string]any     `yaml:"start"`
	Slut    map[string]any     `yaml:"slut"`
	SvarFra []mox.AbonnementID `yaml:"svar_fra"`
	Frist   string             `yaml:"frist"`
}

func (c *Config) laesProcesser() ([]mox.Proces, error) {
	if c.Processer == "" {
		return nil, nil
	}
	fil := c.sti(c.Processer)
	b, err := os.ReadFile(fil)
	if err != nil {
		return nil, mox.E("config", mox.KodeUgyldig, "%s kan ikke læses: %v", fil, aarsag(err)).Med("ret processer i mox.yaml")
	}
	var ps []procesfil
	if err := laesYAML(fil, b, &ps); err != nil {
		return nil, err
	}
	ud := make([]mox.Proces, 0, len(ps))
	for i, p := range ps {
		q, fejl := p.proces(fmt.Sprintf("[%d]", i))
		if len(fejl) > 0 {
			return nil, &mox.Error{Kode: mox.KodeUgyldig, Op: "config", Tekst: fil + " har fejl", Felter: fejl, Raad: "ret filen"}
		}
		ud = append(ud, q)
	}
	return ud, nil
}

// foelg is the filter of what the register keeps an index of.
func (c *Config) foelg() (mox.Filter, error) {
	if c.Register.Foelg == nil {
		return mox.Filter{}, nil
	}
	filter, fejl := mox.LaesFilter(c.Register.Foelg)
	if len(fejl) > 0 {
		return filter, &mox.Error{Kode: mox.KodeUgyldig, Op: "config", Tekst: "register.foelg i mox.yaml er ikke et filter", Felter: fejl, Raad: "se filtre i vejledningen"}
	}
	return filter, nil
}

// checkDatabase refuses what is no address of a database: a slip must not become a new and empty file.
func (c *Config) checkDatabase() error {
	if c.Database == "" || store.PaaPostgres(c.Database) {
		return nil
	}
	return mox.E("database", mox.KodeUgyldig, "database i %s er ikke adressen på en PostgreSQL", filepath.Join(c.Dir, "mox.yaml")).
		Med("skriv postgres://bruger@vært:port/database, eller slet linjen: så er databasen en fil i mappen")
}

// foelsomhed checks what the foelsomhedsklasser are said to mean.
func (c *Config) foelsomhed() (map[string]string, error) {
	for _, ref := range slices.Sorted(maps.Keys(c.Register.Foelsomhed)) {
		kode := c.Register.Foelsomhed[ref]
		if r, err := mox.LaesReference(ref); err != nil || r.Tom() {
			return nil, mox.E("config", mox.KodeUgyldig, "register.foelsomhed: %s er hverken en UUID eller en URN", mox.Maskeret(ref)).Med("skriv foelsomhedsklassens UUID eller URN i mox.yaml")
		}
		if !slices.Contains(mox.Foelsomheder(), kode) {
			return nil, mox.E("config", mox.KodeUgyldig, "register.foelsomhed: %q er ikke en af %v", kode, mox.Foelsomheder()).Med("ret mox.yaml")
		}
	}
	return c.Register.Foelsomhed, nil
}

// laesKoder reads the agreement's codes, with the roles.
func (c *Config) laesKoder() (oio.Koder, error) {
	k, err := laesKodefil(c, "koder", c.Koder, oio.LaesKoder)
	if err != nil || c.Roller == "" {
		return k, err
	}
	return laesKodefil(c, "roller", c.Roller, k.MedRoller)
}

func laesKodefil(c *Config, navn, fil string, laes func([]byte) (oio.Koder, error)) (oio.Koder, error) {
	if fil == "" {
		return oio.Koder{}, nil
	}
	fil = c.sti(fil)
	b, err := os.ReadFile(fil)
	if err != nil {
		return oio.Koder{}, mox.E("config", mox.KodeUgyldig, "%s kan ikke læses: %v", fil, aarsag(err)).Med("ret " + navn + " i mox.yaml")
	}
	k, err := laes(b)
	var e *mox.Error
	if errors.As(err, &e) {
		e.Tekst = fil + ": " + e.Tekst
	}
	return k, err
}

func (p procesfil) proces(sti string) (mox.Proces, []mox.Feltfejl) {
	ud := mox.Proces{Navn: p.Navn, SvarFra: p.SvarFra}
	var fejl []mox.Feltfejl
	laes := func(navn string, kilde map[string]any) mox.Filter {
		if kilde == nil {
			return mox.Filter{}
		}
		f, e := mox.LaesFilter(any(kilde))
		for _, x := range e {
			x.Sti = sti + "." + navn + "." + x.Sti
			fejl = append(fejl, x)
		}
		return f
	}
	ud.Start, ud.Slut = laes("start", p.Start), laes("slut", p.Slut)
	if p.Navn == "" || p.Start == nil {
		fejl = append(fejl, mox.Feltfejl{Sti: sti, Regel: "kraevet", Tekst: "navn og start skal være der"})
	}
	if p.Frist != "" {
		d, err := time.ParseDuration(p.Frist)
		if err != nil || d <= 0 {
			fejl = append(fejl, mox.Feltfejl{Sti: sti + ".frist", Regel: "format", Tekst: "skriv fx 72h"})
		}
		ud.Frist = d
	}
	return ud, fejl
}

func (c *Config) laesAPINoegler() ([]auth.APINoegle, error) {
	if c.Fjern.APINoegler == "" {
		return nil, nil
	}
	fil := c.sti(c.Fjern.APINoegler)
	b, err := os.ReadFile(fil)
	if err != nil {
		return nil, mox.E("config", mox.KodeUgyldig, "%s kan ikke læses: %v", fil, aarsag(err)).Med("lav en nøgle med mox noegle ny")
	}
	var ud []auth.APINoegle
	return ud, laesYAML(fil, b, &ud)
}
