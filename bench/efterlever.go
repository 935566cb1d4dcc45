package bench

import (
	"context"
	"strings"
	"time"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/distributor"
	"github.com/moxkit/mox/store/driver"
)

// iLoggen is how many beskeder an abonnement that is new finds in the log.
const iLoggen = 20_000

// efterlever: an abonnement that is new gets beskeder of 1 kB from the log, each about an objekt of its own. The receiver
// takes them outside the measurement. Raw reads the same rows of the log, and writes the same leverancer.
func efterlever(ctx context.Context, k *koersel) error {
	m, err := k.nyMaaling(ctx)
	if err != nil {
		return err
	}
	ctx = somArbejder(ctx, 0) // one thing after the other
	if err := m.fyldLog(ctx); err != nil {
		return err
	}
	f, err := filter(map[string]any{"opgaveemne": "02.*"})
	if err != nil {
		return err
	}
	if err := m.d.Konfigurer(ctx, []mox.Abonnement{{ID: modtager, System: string(modtager), Filter: f, Orden: mox.OrdenObjekt, Plan: mox.Plan{Forsoeg: 3}, Gentages: true}}, nil); err != nil {
		return err
	}
	if _, err := m.d.Efterlever(ctx, modtager, distributor.Efterleveringsvalg{Fra: 1}, distributor.Hvem{Navn: "bench", Begrundelse: "måling"}); err != nil {
		return err
	}
	m.Sig("efterlever")
	l := &loeb{navn: "efterlever", stoerrelse: iLoggen}
	for n := 1; n > 0 && l.vores+l.deres < m.Varighed; {
		if _, err := m.omgang(ctx, opgave{forbered: m.aflever, laesninger: laeserLog, tur: func(ctx context.Context, _ int) (tider []time.Duration, err error) {
			start := time.Now()
			if n, err = m.d.EfterleverNu(ctx); n > 0 {
				tider = append(tider, time.Since(start)/time.Duration(n))
			}
			return tider, err
		}}, l, 0); err != nil {
			return err
		}
		l.antal += n
	}
	l.vilkaarlig("database", m.databasenavn())
	return m.fortael(l)
}

// laeserLog reports whether a statement reads the beskeder of the log.
func laeserLog(q string) bool {
	return strings.HasPrefix(q, "SELECT b.nr") && strings.Contains(q, "logposition > ?")
}

// fyldLog fills the log with copies of one besked, each with an id and an objekt of its own.
func (m *maaling) fyldLog(ctx context.Context) error {
	b, err := tusind()
	if err != nil {
		return err
	}
	if _, err := m.d.Accept(ctx, system, b); err != nil {
		return err
	}
	err = m.optager.Update(ctx, func(tx driver.Tx) error {
		if _, err := tx.Exec(`UPDATE besked SET logposition = 1, kaede = indholdshash`); err != nil {
			return err
		}
		_, err := tx.Exec(`INSERT INTO besked (nr, id, afsender, digest, type, objekt_id, objekttype, livscyklus, kildesystem, foraarsaget_af, dybde, gyldig_til, registreringstid, metadata,
			indholdstype, indhold, salt, indholdshash, konfiguration, modtaget, logposition, kaede)`+tx.Schema().Overriding()+`
			WITH RECURSIVE tal (n) AS (SELECT 2 UNION ALL SELECT n + 1 FROM tal WHERE n < ?)
			SELECT nr + n - 1, 'urn:x:' || n, afsender, digest, type, substr(objekt_id, 1, 24) || substr(CAST(1000000000000 + n AS TEXT), 2), objekttype, livscyklus, kildesystem, foraarsaget_af, dybde,
			gyldig_til, registreringstid, metadata, indholdstype, indhold, salt, indholdshash, konfiguration, modtaget, n, kaede FROM besked, tal WHERE logposition = 1`, iLoggen)
		return err
	})
	if err != nil {
		return err
	}
	_, _, err = m.gentag(ctx)
	return err
}

// aflever lets the receiver have taken what it has been given.
func (m *maaling) aflever(ctx context.Context, _ int) error {
	return m.optager.Update(ctx, func(tx driver.Tx) error {
		_, err := tx.Exec(`UPDATE leverance SET tilstand = 'Leveret' WHERE tilstand = 'Afventer'`)
		return err
	})
}
