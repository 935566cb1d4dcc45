package app

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/agent"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/mapping"
	"github.com/moxkit/mox/oio"
)

// Config is what a MOX installation is told in DIR/mox.yaml. Everything may be left out.
type Config struct {
	Dir          string   `yaml:"-"`
	Listen       string   `yaml:"listen"`       // address of the console and the API; loopback only
	Database     string   `yaml:"database"`     // postgres://…; empty = SQLite in DIR
	Agenter      []string `yaml:"agenter"`      // agents' files, run by this process
	Fjernagenter []string `yaml:"fjernagenter"` // agents' files, run elsewhere by mox agent run
	Processer    string   `yaml:"processer"`    // file of MOX-processer
	Koder        string   `yaml:"koder"`        // the agreement's code file, for Haendelsesbeskeder that come over HTTP
	Roller       string   `yaml:"roller"`       // file of the roles' Klasser, for registreringer in XML
	Fjern        Fjern    `yaml:"fjern"`        // the listener for others than this machine
	AMQP         AMQP     `yaml:"amqp"`         // the broker
	Push         Push     `yaml:"push"`         // calls to receivers
	Alarmer      Alarmer  `yaml:"alarmer"`      // who is told when something is wrong
}

// Fjern is the listener for remote agents and systems. It opens only with TLS and at least one API key.
type Fjern struct {
	Listen     string   `yaml:"listen"`
	Vaerter    []string `yaml:"vaerter"`     // names that others know this machine by
	Certifikat string   `yaml:"certifikat"`  // PEM file
	Noegle     string   `yaml:"noegle"`      // PEM file
	APINoegler string   `yaml:"api_noegler"` // file of API keys
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
	Adresse    string          `yaml:"adresse"` // of the console, for links
	Mail       *AlarmerMail    `yaml:"mail"`
	Webhook    *AlarmerWebhook `yaml:"webhook"`
	Gentag     string          `yaml:"gentag"`
	Aeldste    string          `yaml:"aeldste"`
	Pause      string          `yaml:"pause"`
	Venter     string          `yaml:"venter"`
	Stille     string          `yaml:"stille"`
	Certifikat string          `yaml:"certifikat"`
	Forsoeg    *int            `yaml:"forsoeg"`
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
	return c, laesYAML(fil, b, &c)
}

func laesYAML(fil string, b []byte, v any) error {
	if err := yaml.UnmarshalWithOptions(b, v, yaml.Strict()); err != nil {
		return mox.E("config", mox.KodeUgyldig, "%s: %s", fil, yaml.FormatError(err, false, true)).Med("ret filen")
	}
	return nil
}

// check holds the addresses against the rule that nobody gets in from outside without being let in.
func (c *Config) check() error {
	if err := kunLoopback(c.Listen); err != nil {
		return err
	}
	if f := c.Fjern; f.Listen != "" && (f.Certifikat == "" || f.Noegle == "" || f.APINoegler == "") {
		return mox.E("config", mox.KodeUgyldig, "fjern.listen kræver fjern.certifikat, fjern.noegle og fjern.api_noegler").
			Med("uden TLS og API-nøgle lytter MOX kun på denne maskine")
	}
	return nil
}

// kunLoopback refuses an address that others than this machine can reach.
func kunLoopback(adresse string) error {
	host, _, err := net.SplitHostPort(adresse)
	ip := net.ParseIP(host)
	if err != nil || (host != "localhost" && (ip == nil || !ip.IsLoopback())) {
		return mox.E("config", mox.KodeIkkeTilladt, "%q er ikke en adresse på denne maskine", adresse).
			Med("brug 127.0.0.1:PORT; andre maskiner får adgang gennem fjern.listen i mox.yaml med TLS og API-nøgle")
	}
	return nil
}

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

// Problemer is what is wrong in an agent's files as one error.
func Problemer(ps []mapping.Problem) error {
	e := mox.E("agent", mox.KodeUgyldig, "agentens filer har fejl")
	for _, p := range ps {
		if !p.Warning {
			e.Felter = append(e.Felter, mox.Feltfejl{Sti: fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column), Regel: "agent", Tekst: tekstMedRaad(p)})
		}
	}
	return e.Med("ret filerne; mox agent check viser alt på én gang")
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
