package afproevning

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/xml"
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
	"github.com/moxkit/mox/demo/beskedfordeler"
)

// nation is the stand-in of the national Beskedfordeler, with one national authority that empties its dueslag. It is
// demo/beskedfordeler, and knows nothing of MOX.
type nation struct {
	dir      string
	vhost    *styring.Vhost
	s        *beskedfordeler.System
	db       *sql.DB
	conn     *amqp.Connection
	dueslag  string
	hemmelig string
	kasse    sync.WaitGroup
}

const nationsskema = `CREATE TABLE IF NOT EXISTS modtaget (id INTEGER PRIMARY KEY, besked TEXT NOT NULL, objekt TEXT NOT NULL, myndighed TEXT NOT NULL);`

// startNation lets the municipality of the trial of great amounts, and a national authority, be users.
func startNation(ctx context.Context, v styring.Valg) (styring.System, error) {
	n := &nation{dir: v.Dir, hemmelig: rand.Text(), dueslag: uuid.NewString()}
	return n.start(ctx, v, beskedfordeler.Config{Klienter: map[string]beskedfordeler.Klient{"kommune": {Hemmelighed: n.hemmelig, CVR: "99000036"}},
		Dueslag: []beskedfordeler.Dueslag{{ID: n.dueslag}}})
}

// startNaboer lets two municipalities be users, each with a dueslag for what is the other's; the national authority sees all.
func startNaboer(ctx context.Context, v styring.Valg) (styring.System, error) {
	n := &nation{dir: v.Dir, hemmelig: rand.Text(), dueslag: uuid.NewString()}
	return n.start(ctx, v, beskedfordeler.Config{
		Klienter: map[string]beskedfordeler.Klient{"kommune-a": {Hemmelighed: n.hemmelig, CVR: "99000044"}, "kommune-b": {Hemmelighed: n.hemmelig, CVR: "99000052"}},
		Dueslag:  []beskedfordeler.Dueslag{{ID: n.dueslag}, {ID: dueslagA, Myndighed: "urn:oio:cvr-nr:99000052"}, {ID: dueslagB, Myndighed: "urn:oio:cvr-nr:99000044"}}})
}

// The dueslag of the two municipalities, as their agreements name them.
const (
	dueslagA = "5d1e4c5e-7a0b-4f4e-9a3c-0f6a5b7c8d0a"
	dueslagB = "5d1e4c5e-7a0b-4f4e-9a3c-0f6a5b7c8d0b"
)

func (n *nation) start(ctx context.Context, v styring.Valg, c beskedfordeler.Config) (_ styring.System, err error) {
	if n.db, err = styring.Database(n.fil(), nationsskema); err != nil {
		return nil, err
	}
	if n.vhost, err = styring.NytVhost(ctx, v.Adresser, "mox-afp-bf-"+strings.ToLower(rand.Text()[:12])); err != nil {
		return nil, errors.Join(err, n.db.Close())
	}
	c.URL, c.Log = n.vhost.URL, slog.New(slog.NewTextHandler(v.Log, nil))
	if n.s, err = beskedfordeler.Start(ctx, c); err == nil {
		err = n.toem(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

func (n *nation) fil() string { return filepath.Join(n.dir, "nation.db") }

// toem is the national authority: it keeps what comes in its dueslag.
func (n *nation) toem(ctx context.Context) (err error) {
	if n.conn, err = amqp.Dial(n.vhost.URL); err != nil {
		return err
	}
	ch, err := n.conn.Channel()
	if err != nil {
		return err
	}
	strom, err := ch.Consume(n.dueslag, "", false, false, false, false, nil)
	if err != nil {
		return err
	}
	n.kasse.Go(func() {
		for d := range strom {
			if n.gem(ctx, d.Body) == nil {
				_ = d.Ack(false) // else it comes again
			}
		}
	})
	return nil
}

// kuvert is what the authority reads of an envelope.
type kuvert struct {
	XMLName      xml.Name `xml:"urn:oio:besked:kuvert:1.0 Haendelsesbesked"`
	BeskedId     kuvertID
	Beskedkuvert struct {
		Filtreringsdata struct {
			ObjektRegistrering struct {
				ObjektId                 kuvertID
				ObjektAnsvarligMyndighed kuvertID
			}
		}
	}
}

type kuvertID struct{ UUIDIdentifikator, URNIdentifikator string }

func (k kuvertID) String() string { return strings.ToLower(k.UUIDIdentifikator) + k.URNIdentifikator }

func (n *nation) gem(ctx context.Context, raa []byte) error {
	var k kuvert
	if err := xml.Unmarshal(raa, &k); err != nil {
		return err
	}
	r := k.Beskedkuvert.Filtreringsdata.ObjektRegistrering
	_, err := n.db.ExecContext(ctx, `INSERT INTO modtaget (besked, objekt, myndighed) VALUES (?, ?, ?)`, k.BeskedId.String(), r.ObjektId.String(), r.ObjektAnsvarligMyndighed.String())
	return err
}

// Adresser implements [styring.System].
func (n *nation) Adresser() map[string]string {
	return map[string]string{"NATION_AMQP": n.vhost.URL, "NATION_TOKEN": n.s.Adresse() + "/token", "NATION_HEMMELIGHED": n.hemmelig, "NATION_DB": n.fil()}
}

// Runder implements [styring.System].
func (n *nation) Runder() int { return 0 }

// Runde implements [styring.System].
func (n *nation) Runde(context.Context, int) error { return nil }

// Fejl implements [styring.System].
func (n *nation) Fejl(_ context.Context, navn string, _ int, _ time.Duration) error {
	return fmt.Errorf("nation: kender ikke fejlen %q", navn)
}

// Rolig implements [styring.System]: it is at rest when everybody has fetched what is theirs.
func (n *nation) Rolig(context.Context) (bool, error) { return n.vhost.Tomme(n.s.Koeer()...), nil }

// Close ends everything, and removes the vhost.
func (n *nation) Close() error {
	var err error
	if n.conn != nil {
		if err = n.conn.Close(); errors.Is(err, amqp.ErrClosed) {
			err = nil
		}
	}
	n.kasse.Wait()
	if n.s != nil {
		err = errors.Join(err, n.s.Close())
	}
	ctx, stop := context.WithTimeout(context.Background(), 10*time.Second)
	defer stop()
	return errors.Join(err, n.vhost.Slet(ctx), n.db.Close())
}
