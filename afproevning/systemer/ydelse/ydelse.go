// Package ydelse is a vendor's two products that follow the OIO standard by themselves: they tell of their cases in
// hændelsesbeskeder over AMQP, whole registreringer in JSON with the metadata in headers. They need no agent. One is a
// benefit system, the other a portal for cases that municipalities hand over to each other.
//
// They send to the exchange mox.ind.SYSTEM, and wait for the broker's confirm before they go on. One besked in ten they
// send twice for no reason at all. Answers (StandardRetur) come in mox.svar.SYSTEM; the benefit system takes Kvitteringer
// in, the portal the other municipality's answers.
package ydelse

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox/afproevning/systemer/styring"
)

// produkt is what differs between the two.
type produkt struct {
	navn   string // as the broker and MOX know it
	koe    string // where what it asked for comes
	forled string // of its addresses, and of its case numbers
	sagen  func(nr, runde int) (sag, bool)
	tag    func(*System, context.Context, amqp.Delivery) error // what comes in koe
}

// Start opens the benefit system at a vhost of its own.
func Start(ctx context.Context, v styring.Valg) (styring.System, error) {
	return start(ctx, v, produkt{navn: "Ydelse", koe: "mox.ud.ydelse.kvitteringer", forled: "YDELSE", sagen: ydelsessag, tag: (*System).kvittering})
}

const skema = `
CREATE TABLE IF NOT EXISTS SAG (NR INTEGER PRIMARY KEY, OBJEKT TEXT NOT NULL, TITEL TEXT NOT NULL, KLE TEXT NOT NULL, STATUS TEXT NOT NULL, CPR TEXT NOT NULL, MODTAGER TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS SENDT (BESKED TEXT PRIMARY KEY, OBJEKT TEXT NOT NULL, NR INTEGER NOT NULL, MODTAGER TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS SVAR (ID INTEGER PRIMARY KEY, BESKED TEXT NOT NULL, KODE INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS OVERDRAGET (ID INTEGER PRIMARY KEY, BESKED TEXT NOT NULL, NUMMER TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS KVITTERING (ID INTEGER PRIMARY KEY, BESKED TEXT NOT NULL, HVAD TEXT NOT NULL, MODTAGER TEXT NOT NULL);`

const runder = 4

// System is one of them, running.
type System struct {
	produkt
	dir   string
	antal int
	db    *sql.DB
	vhost *styring.Vhost
	conn  *amqp.Connection
	ch    *amqp.Channel
	log   *slog.Logger
	stop  context.CancelFunc
	kasse sync.WaitGroup
}

func start(ctx context.Context, v styring.Valg, p produkt) (_ styring.System, err error) {
	s := &System{produkt: p, dir: v.Dir, antal: v.Antal, log: slog.New(slog.NewTextHandler(v.Log, nil))}
	if s.db, err = styring.Database(filepath.Join(v.Dir, "ydelse.db"), skema); err != nil {
		return nil, err
	}
	if s.vhost, err = styring.NytVhost(ctx, v.Adresser, "mox-afp-"+strings.ToLower(rand.Text()[:12])); err != nil {
		return nil, errors.Join(err, s.db.Close())
	}
	ctx, s.stop = context.WithCancel(ctx)
	if err := s.forbind(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *System) forbind(ctx context.Context) (err error) {
	if s.conn, err = amqp.Dial(s.vhost.URL); err != nil {
		return err
	}
	if s.ch, err = s.conn.Channel(); err != nil {
		return err
	}
	if err := s.ch.Confirm(false); err != nil {
		return err
	}
	s.kasse.Go(func() { s.hent(ctx, s.svarkoe(), s.svar) })
	s.kasse.Go(func() {
		s.hent(ctx, s.koe, func(ctx context.Context, d amqp.Delivery) error { return s.tag(s, ctx, d) })
	})
	return nil
}

func (s *System) svarkoe() string { return "mox.svar." + s.navn }

// hent takes what comes in a queue. It is not there before MOX has made it, and a broker may break off, so it is asked for
// again and again.
func (s *System) hent(ctx context.Context, koe string, tag func(context.Context, amqp.Delivery) error) {
	for ctx.Err() == nil {
		if err := s.hentForbundet(ctx, koe, tag); err != nil {
			s.log.Info("intet hentes", "koe", koe, "fejl", err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// hentForbundet takes what comes until the connection ends. The connection is the queue's own: what the broker ends it for is
// no other's fault.
func (s *System) hentForbundet(ctx context.Context, koe string, tag func(context.Context, amqp.Delivery) error) error {
	conn, err := amqp.Dial(s.vhost.URL)
	if err != nil {
		return err
	}
	luk := func() { _ = conn.Close() } // it may have ended
	defer luk()
	defer context.AfterFunc(ctx, luk)()
	ch, err := conn.Channel()
	if err != nil {
		return err
	}
	strom, err := ch.Consume(koe, "", false, false, false, false, nil)
	if err != nil {
		return err
	}
	for d := range strom {
		if err := tag(ctx, d); err != nil {
			s.log.Error("kunne ikke tages", "koe", koe, "fejl", err)
			continue // not acknowledged: it comes again
		}
		_ = d.Ack(false) // else it comes again
	}
	return errors.New("forbindelsen er afbrudt")
}

func (s *System) svar(ctx context.Context, d amqp.Delivery) error {
	var r struct{ StatusKode int }
	if err := json.Unmarshal(d.Body, &r); err != nil {
		return err
	}
	_, err := s.db.ExecContext(ctx, `INSERT INTO SVAR (BESKED, KODE) VALUES (?, ?)`, d.CorrelationId, r.StatusKode)
	return err
}

func (s *System) kvittering(ctx context.Context, d amqp.Delivery) error {
	var k struct{ Modtager string }
	if err := json.Unmarshal(d.Body, &k); err != nil {
		return err
	}
	_, err := s.db.ExecContext(ctx, `INSERT INTO KVITTERING (BESKED, HVAD, MODTAGER) VALUES (?, ?, ?)`, fmt.Sprint(d.Headers["foraarsagetAf"]), fmt.Sprint(d.Headers["handling"]), k.Modtager)
	return err
}

// Adresser implements [styring.System].
func (s *System) Adresser() map[string]string {
	return map[string]string{s.forled + "_AMQP": s.vhost.URL, s.forled + "_DB": filepath.Join(s.dir, "ydelse.db")}
}

// Runder implements [styring.System].
func (s *System) Runder() int { return runder }

// Fejl implements [styring.System].
func (s *System) Fejl(_ context.Context, navn string, _ int, _ time.Duration) error {
	return fmt.Errorf("%s: kender ikke fejlen %q", s.navn, navn)
}

// Rolig implements [styring.System]: it is at rest when what it has sent has been fetched, and it has fetched what came to it.
func (s *System) Rolig(context.Context) (bool, error) { return s.vhost.Tomme("mox.ind", s.koe), nil }

// Close ends the system, and removes the vhost with all that is in it.
func (s *System) Close() error {
	s.stop()
	var err error
	if s.conn != nil {
		if err = s.conn.Close(); errors.Is(err, amqp.ErrClosed) {
			err = nil
		}
	}
	s.kasse.Wait()
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	return errors.Join(err, s.vhost.Slet(ctx), s.db.Close())
}

// rum is the namespace of the system's identities.
func rum() uuid.UUID { return uuid.MustParse("6ba7b811-9dad-11d1-80b4-00c04fd430c8") }

func (x *sag) objektID() string { return uuid.NewSHA1(rum(), []byte("sag/"+x.nummer)).String() }
