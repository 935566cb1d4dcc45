// Command beskedfordeler runs a stand-in for the national Beskedfordeler at a RabbitMQ. It prints one line of JSON with all
// that a user of it must know, and runs until SIGTERM.
//
// Users and dueslag stand in a file of JSON; without one there is a user mox with a new secret, and one dueslag for all.
//
//	{"klienter": {"mox": {"hemmelighed": "…", "cvr": "29189803"}},
//	 "dueslag": [{"id": "5d1e…", "objekttype": "urn:mox:objekttype:Sag", "opgaveemne": "urn:oio:kle:02.*", "push": "https://…"}]}
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"github.com/google/uuid"

	"github.com/moxkit/mox/demo/beskedfordeler"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// opsaetning is the file.
type opsaetning struct {
	Klienter map[string]beskedfordeler.Klient `json:"klienter"`
	Dueslag  []beskedfordeler.Dueslag         `json:"dueslag"`
}

// oplysninger is what a user must know.
type oplysninger struct {
	Token   string `json:"token"`
	Fejlkoe string `json:"fejlkoe"`
	opsaetning
}

func run(ctx context.Context, args []string, out, errOut io.Writer) error {
	var c beskedfordeler.Config
	var fil string
	f := flag.NewFlagSet("beskedfordeler", flag.ContinueOnError)
	f.SetOutput(errOut)
	f.StringVar(&c.URL, "url", "amqp://guest:guest@127.0.0.1:5672/", "address of the broker; without a vhost BF, where -api is given")
	f.StringVar(&c.API, "api", "", "address of the broker's management plugin, to make the vhost: http://guest:guest@127.0.0.1:15672")
	f.StringVar(&c.Listen, "listen", "", "address of the token service; empty = a free port on this machine")
	f.DurationVar(&c.TokenLevetid, "token", 0, "how long a token lives; 0 = an hour")
	f.StringVar(&fil, "fil", "", "file of users and dueslag; empty = one of each")
	if err := f.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return err
	}
	o, err := laes(fil)
	if err != nil {
		return err
	}
	c.Klienter, c.Dueslag, c.Log = o.Klienter, o.Dueslag, slog.New(slog.NewTextHandler(errOut, nil))
	s, err := beskedfordeler.Start(ctx, c)
	if err != nil {
		return err
	}
	if err := json.NewEncoder(out).Encode(oplysninger{s.Adresse() + "/token", s.Adresse() + "/beskedfordeler", o}); err != nil {
		return errors.Join(err, s.Close())
	}
	<-ctx.Done()
	return s.Close()
}

func laes(fil string) (o opsaetning, err error) {
	if fil == "" {
		return opsaetning{map[string]beskedfordeler.Klient{"mox": {Hemmelighed: rand.Text()}}, []beskedfordeler.Dueslag{{ID: uuid.NewString()}}}, nil
	}
	b, err := os.ReadFile(fil)
	if err != nil {
		return o, err
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(&o); err != nil {
		return o, fmt.Errorf("%s: %w", fil, err)
	}
	return o, nil
}
