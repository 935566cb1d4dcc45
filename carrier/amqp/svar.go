package amqp

import (
	"context"
	"encoding/json"
	"encoding/xml"
	"strings"

	amqp "github.com/rabbitmq/amqp091-go"

	"github.com/moxkit/mox"
	"github.com/moxkit/mox/oio"
)

// StandardRetur is the answer to a sender that asks for one. spec: mox 34
type StandardRetur struct {
	XMLName         xml.Name `xml:"urn:oio:sagdok:3.0.0 StandardRetur" json:"-"`
	StatusKode      int      `xml:"StatusKode" json:"StatusKode"`
	FejlbeskedTekst string   `xml:"FejlbeskedTekst,omitempty" json:"FejlbeskedTekst,omitempty"`
}

// retur is the answer. A besked that may be taken later is held and answered then, so there is none for that; 51 says that it
// will never be taken as it is, and the text why.
func retur(err error) StandardRetur {
	switch {
	case err == nil:
		return StandardRetur{StatusKode: oio.StatusModtaget}
	case mox.KodeAf(err) == mox.KodeBeskedversion:
		return StandardRetur{StatusKode: oio.StatusKuvertversion, FejlbeskedTekst: fejltekst(err)}
	}
	return StandardRetur{StatusKode: oio.StatusIkkeUnderstoet, FejlbeskedTekst: fejltekst(err)}
}

func fejltekst(err error) string {
	return string(mox.KodeAf(err)) + ": " + mox.Maskeret(mox.Forklaring(err))
}

// svarPaa answers a sender that asks for it, in the form the sender wrote in. Only the sender itself is answered: anywhere
// else it could make MOX write for it.
func (m *modtager) svarPaa(ctx context.Context, afsender string, d amqp.Delivery, err error) error {
	if d.ReplyTo == "" {
		return nil
	}
	if d.ReplyTo != Svarkoe(afsender) && !strings.HasPrefix(d.ReplyTo, "amq.rabbitmq.reply-to.") {
		m.log.Warn("et svar er ikke sendt: reply-to er hverken amq.rabbitmq.reply-to eller afsenderens svarkø", "afsender", afsender)
		return nil
	}
	p := amqp.Publishing{ContentType: oio.TypeJSON, CorrelationId: d.CorrelationId, AppId: "mox", Type: "StandardRetur"}
	r := retur(err)
	if strings.Contains(d.ContentType, "xml") {
		p.ContentType = oio.TypeXML
		p.Body, err = xml.Marshal(r)
	} else {
		p.Body, err = json.Marshal(r)
	}
	if err != nil {
		return err
	}
	if d.ReplyTo == Svarkoe(afsender) {
		p.DeliveryMode = amqp.Persistent
	}
	return m.svar.PublishWithContext(ctx, "", d.ReplyTo, false, false, p) // nobody there is no error
}
