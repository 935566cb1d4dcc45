package app

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/alarm"
	"github.com/moxkit/mox/internal/webhook"
)

// aabnAlarm makes the watch.
func (a *App) aabnAlarm(context.Context) error {
	o, err := a.config.alarmOptions()
	if err != nil {
		return err
	}
	o.Fejlende, o.Log = a.fejlende, a.log
	o.Mapper = a.mapper()
	for _, s := range a.specs {
		for _, k := range s.Sources {
			o.Kilder = append(o.Kilder, s.Agent+"/"+k.Name)
		}
	}
	a.alarm = alarm.New(a.distributor, o)
	a.gruppe.Add("alarmer", a.alarm.Run)
	return nil
}

// mapper are the folders that grow.
func (a *App) mapper() map[string]string {
	return map[string]string{"datamappen": a.config.Dir, "dokumentmappen": filepath.Join(a.config.Dir, "indhold")}
}

// maegleren is how long the broker may be away before somebody is told.
const maegleren = time.Minute

// fejlende are the parts of this process that do not do their work.
func (a *App) fejlende() map[string]error {
	ud := a.gruppe.Failing()
	if a.amqp != nil {
		if s := a.amqp.Stand(); !s.Forbundet && time.Since(s.Siden) > maegleren {
			ud["amqp"] = fmt.Errorf("beskedmægleren kan ikke nås: %s", s.Fejl)
		}
	}
	if a.kombit != nil {
		if s := a.kombit.Stand(); !s.Forbundet && time.Since(s.Siden) > maegleren {
			ud["kombit"] = fmt.Errorf("den nationale beskedfordeler kan ikke bruges: %s", s.Fejl)
		}
	}
	return ud
}

func (c *Config) alarmOptions() (o alarm.Options, err error) {
	o = alarm.Options{Graenser: alarm.StandardGraenser(), Gentag: alarm.StandardGentag, Saml: alarm.StandardSaml, Ro: alarm.StandardRo,
		Adresse: c.Alarmer.Adresse, Certifikater: c.alleCertifikater()}
	if err := c.Alarmer.tider(&o); err != nil {
		return o, err
	}
	if err := c.Alarmer.antal(&o.Graenser); err != nil {
		return o, err
	}
	if o.Mail, err = c.alarmMail(); err != nil {
		return o, err
	}
	o.Webhook, err = c.alarmWebhook()
	return o, err
}

// tider reads the times that are told.
func (x *Alarmer) tider(o *alarm.Options) error {
	g := &o.Graenser
	for _, v := range []struct {
		navn, tekst string
		til         *time.Duration
	}{{"gentag", x.Gentag, &o.Gentag}, {"saml", x.Saml, &o.Saml}, {"ro", x.Ro, &o.Ro}, {"aeldste", x.Aeldste, &g.Aeldste}, {"pause", x.Pause, &g.Pause},
		{"venter", x.Venter, &g.Venter}, {"kontakt", x.Kontakt, &g.Kontakt}, {"stille", x.Stille, &g.Stille}, {"certifikat", x.Certifikat, &g.Certifikat}} {
		if v.tekst == "" {
			continue
		}
		d, err := time.ParseDuration(v.tekst)
		if err != nil || d < 0 {
			return mox.E("config", mox.KodeUgyldig, "alarmer.%s er ikke en tid: %q", v.navn, v.tekst).Med("skriv fx 15m eller 72h; 0 slår det fra")
		}
		*v.til = d
	}
	return nil
}

// antal reads the numbers that are told.
func (x *Alarmer) antal(g *alarm.Graenser) error {
	for _, v := range []struct {
		navn   string
		tal    *int
		hoejst int
		til    *int
	}{{"forsoeg", x.Forsoeg, math.MaxInt32, &g.Forsoeg}, {"fejlandel", x.Fejlandel, 100, &g.Fejlandel}, {"kildefejl", x.Kildefejl, math.MaxInt32, &g.Kildefejl},
		{"disk_procent", x.DiskProcent, 100, &g.DiskProcent}, {"disk_mb", x.DiskMB, math.MaxInt32, &g.DiskMB}} {
		if v.tal == nil {
			continue
		}
		if *v.tal < 0 || *v.tal > v.hoejst {
			return mox.E("config", mox.KodeUgyldig, "alarmer.%s er ikke et tal fra 0 til %d: %d", v.navn, v.hoejst, *v.tal).Med("0 slår reglen fra")
		}
		*v.til = *v.tal
	}
	return nil
}

func (c *Config) alarmMail() (*alarm.Mail, error) {
	x := c.Alarmer.Mail
	if x == nil {
		return nil, nil
	}
	m := &alarm.Mail{Server: x.Server, Fra: x.Fra, Til: x.Til, Bruger: x.Bruger, TLS: cmp.Or(x.TLS, "starttls")}
	var err error
	if m.Kodeord, err = c.hemmelighed("alarmer.mail.kodeord", x.Kodeord); err != nil {
		return nil, err
	}
	return m, m.Tjek()
}

func (c *Config) alarmWebhook() (*alarm.Webhook, error) {
	x := c.Alarmer.Webhook
	if x == nil {
		return nil, nil
	}
	u, err := url.Parse(x.URL)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, mox.E("config", mox.KodeUgyldig, "alarmer.webhook.url er ikke en http(s)-adresse").Med("ret mox.yaml")
	}
	if u.Scheme == "http" && !loopback(u.Host) && !loopback(u.Host+":80") {
		return nil, mox.E("config", mox.KodeIkkeTilladt, "alarmer.webhook.url er ukrypteret og ikke på denne maskine").Med("brug https://")
	}
	w := &alarm.Webhook{URL: x.URL, Klient: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	if x.Hemmelighed != "" {
		b, err := os.ReadFile(c.sti(x.Hemmelighed))
		if err != nil {
			return nil, mox.E("config", mox.KodeUgyldig, "%s kan ikke læses: %v", c.sti(x.Hemmelighed), aarsag(err)).Med("ret alarmer.webhook.hemmelighed i mox.yaml")
		}
		if w.Hemmelighed, err = webhook.LaesHemmelighed(string(b)); err != nil {
			return nil, err
		}
	}
	return w, nil
}

// alleCertifikater are the configuration's PEM files, by what they are for.
func (c *Config) alleCertifikater() map[string]string {
	ud := map[string]string{}
	for navn, fil := range map[string]string{"fjern.listen": c.Fjern.Certifikat, "amqp": c.AMQP.Certifikat, "amqp.ca": c.AMQP.CA, "kombit": c.KOMBIT.Certifikat, "kombit.ca": c.KOMBIT.CA, "push": c.Push.Certifikat, "push.ca": c.Push.CA} {
		if fil != "" {
			ud[navn] = c.sti(fil)
		}
	}
	return ud
}
