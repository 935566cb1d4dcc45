package app

import (
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"time"

	"github.com/goccy/go-yaml"

	"github.com/moxkit/mox/alarm"
	"github.com/moxkit/mox/auth"
	"github.com/moxkit/mox/carrier/amqp"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/register"
)

// Tjekket is what mox.yaml and the files it names hold.
type Tjekket struct {
	Fil        string `json:"fil"`
	Agenter    int    `json:"agenter"`
	Aftaler    int    `json:"aftaler"`
	Processer  int    `json:"processer"`
	APINoegler int    `json:"api_noegler"`
}

// Tjek reads all that mox serve would read before it opens anything, and gives every fault, each as mox serve would tell it.
// The database, ports, brokers and other systems are left alone.
func Tjek(c Config) (t Tjekket, fejl []error) {
	t.Fil = filepath.Join(c.Dir, "mox.yaml")
	maa := func(err error) {
		if err != nil {
			fejl = append(fejl, c.medLinje(err))
		}
	}
	maa(c.check())
	maa(c.checkDatabase())
	agenter, err := c.laesAgenter(slices.Concat(c.Agenter, c.Fjernagenter))
	maa(err)
	aftaler, err := c.laesAftaler()
	maa(err)
	processer, err := c.laesProcesser()
	maa(err)
	vagt, err := c.vagtOptions()
	maa(err)
	maa(c.tjekVagt(vagt, err))
	for _, laes := range []func() error{
		func() error { _, err := c.laesKoder(); return err }, func() error { _, err := c.foelsomhed(); return err }, func() error { _, err := c.foelg(); return err },
		func() error { _, err := c.bevaring(); return err }, func() error { _, err := c.alarmOptions(); return err }, func() error { _, err := c.pushOptions(); return err },
		c.tjekFjern, c.tjekAMQP, c.tjekKOMBIT, c.tjekIndhold,
	} {
		maa(laes())
	}
	t.Agenter, t.Aftaler, t.Processer, t.APINoegler = len(agenter), len(aftaler), len(processer), len(vagt.Noegler)
	return t, fejl
}

// tjekVagt asks whether those who are let in can be told from each other. laest is why they could not be read.
func (c *Config) tjekVagt(o auth.Options, laest error) error {
	if laest != nil {
		return nil
	}
	o.Adresser = []string{c.Listen}
	_, err := auth.NyVagt(o)
	return err
}

func (c *Config) tjekFjern() error {
	if c.Fjern.Listen == "" || c.Fjern.Certifikat == "" || c.Fjern.Noegle == "" { // what is missing has been told
		return nil
	}
	_, err := c.fjernTLS()
	return err
}

func (c *Config) tjekAMQP() error {
	if c.AMQP.URL == "" {
		return nil
	}
	o, err := c.amqpOptions()
	if err == nil {
		_, err = amqp.New(nil, o)
	}
	return err
}

func (c *Config) tjekKOMBIT() error {
	if c.KOMBIT.URL == "" {
		return nil
	}
	o, err := c.kombitOptions()
	if err == nil {
		_, err = amqp.NyKombit(nil, o)
	}
	return err
}

// Vis is the configuration as it holds, as YAML: with what nobody has said filled in, and without passwords. Secrets stand in
// files of their own, and those are only named.
func Vis(c Config) ([]byte, error) {
	bevaring, err := c.bevaring()
	if err != nil {
		return nil, c.medLinje(err)
	}
	alarmer, err := c.alarmOptions()
	if err != nil {
		return nil, c.medLinje(err)
	}
	if c.Register.System == "" {
		c.Register.System = register.StandardSystem
	}
	if c.AMQP.URL != "" && c.AMQP.MaksLaengde == 0 {
		c.AMQP.MaksLaengde = amqp.StandardLaengde
	}
	c.Bevaring, c.Alarmer = visBevaring(bevaring), visAlarmer(c.Alarmer, alarmer)
	for _, s := range []*string{&c.Database, &c.AMQP.URL, &c.KOMBIT.URL, &c.KOMBIT.Token.URL} {
		*s = udenKodeord(*s)
	}
	if w := c.Alarmer.Webhook; w != nil {
		c.Alarmer.Webhook = &AlarmerWebhook{URL: udenKodeord(w.URL), Hemmelighed: w.Hemmelighed}
	}
	return yaml.Marshal(c)
}

// udenKodeord is an address without the password in it, nor what it asks for: that can be a password too.
func udenKodeord(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme == "" {
		return s
	}
	if u.RawQuery != "" {
		u.RawQuery = "…"
	}
	return u.Redacted()
}

func visBevaring(b distributor.Bevaring) Bevaring {
	dage := func(d time.Duration) *int { n := int(d / (24 * time.Hour)); return &n }
	return Bevaring{Beskedindhold: dage(b.Indhold), Metadata: dage(b.Metadata), Fejl: dage(b.Fejl), Forsoeg: dage(b.Forsoeg), Handlinger: dage(b.Handlinger),
		Alarmer: dage(b.Alarmer), Dokumenter: dage(b.Dokumenter), Registerbrug: dage(b.Registerbrug)}
}

func visAlarmer(x Alarmer, o alarm.Options) Alarmer {
	g := o.Graenser
	x.Gentag, x.Saml, x.Ro = fmt.Sprint(o.Gentag), fmt.Sprint(o.Saml), fmt.Sprint(o.Ro)
	x.Aeldste, x.Pause, x.Venter, x.Kontakt, x.Stille, x.Certifikat = fmt.Sprint(g.Aeldste), fmt.Sprint(g.Pause), fmt.Sprint(g.Venter), fmt.Sprint(g.Kontakt), fmt.Sprint(g.Stille), fmt.Sprint(g.Certifikat)
	x.Forsoeg, x.Fejlandel, x.Kildefejl, x.DiskProcent, x.DiskMB = &g.Forsoeg, &g.Fejlandel, &g.Kildefejl, &g.DiskProcent, &g.DiskMB
	return x
}
