package ydelse

import (
	"context"
	"fmt"
	"regexp"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox/afproevning/systemer/styring"
)

// The authorities of the two portals.
const (
	cvrA = "99000044"
	cvrB = "99000052"
)

// StartPortalA opens the portal of municipality A at a vhost of its own.
func StartPortalA(ctx context.Context, v styring.Valg) (styring.System, error) {
	return startPortal(ctx, v, "A", cvrA, cvrB)
}

// StartPortalB opens the portal of municipality B at a vhost of its own.
func StartPortalB(ctx context.Context, v styring.Valg) (styring.System, error) {
	return startPortal(ctx, v, "B", cvrB, cvrA)
}

func startPortal(ctx context.Context, v styring.Valg, navn, egen, nabo string) (styring.System, error) {
	return start(ctx, v, produkt{navn: "Portal" + navn, koe: "mox.ud.portal.svar", forled: "PORTAL_" + navn, tag: (*System).overdraget,
		sagen: func(i, runde int) (sag, bool) { return portalsag(navn, egen, nabo, i, runde) }})
}

// nrForkert is the case that a case worker enters under the other municipality's CVR number.
const nrForkert = 4

// portalsag is a case of a portal. One in three is handed over to the other municipality; the others nobody else may have.
// All are changed once, and one in six ends.
func portalsag(navn, egen, nabo string, i, runde int) (sag, bool) {
	x := enSag(fmt.Sprintf("P%s-%05d", navn, i), i, runde)
	x.titel, x.myndighed, x.modtager = fmt.Sprintf("Flytning af borger, sag %d", 500+i), egen, egen
	if i%3 == 0 {
		x.modtager = nabo
	}
	if runde > 0 {
		x.titel += ", suppleret"
	}
	if i == nrForkert {
		x.myndighed, x.modtager = nabo, nabo
		return x, runde == 0
	}
	return x, runde < 2 || runde == runder-1 && i%6 == 0
}

// nummeret is the case number that the other municipality's records system has given.
var nummeret = regexp.MustCompile(`(?i)brugervendtnoegle"?[>:]\s*"?([^<"]+)`)

// overdraget takes the other municipality's answer in.
func (s *System) overdraget(ctx context.Context, d amqp.Delivery) error {
	nr := ""
	if m := nummeret.FindSubmatch(d.Body); m != nil {
		nr = string(m[1])
	}
	_, err := s.db.ExecContext(ctx, `INSERT INTO OVERDRAGET (BESKED, NUMMER) VALUES (?, ?)`, fmt.Sprint(d.Headers["foraarsagetAf"]), nr)
	return err
}
