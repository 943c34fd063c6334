package aws

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"strings"

	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"

	"github.com/jms-sync/jms-sync/core/cloud"
	"github.com/jms-sync/jms-sync/core/inventory"
)

// answer looks at the answer of one call before the SDK does, for which an empty body, `{}` and
// any other XML document are successes without rows. From then on until done the call has a
// place among those that turn their page into rows.
type answer struct {
	reading chan struct{} // nil = no place is needed
	placed  bool
	came    bool // an answer came that is a success by its status
}

// ID implements middleware.DeserializeMiddleware.
func (a *answer) ID() string { return "jms-sync answer" }

// HandleDeserialize implements middleware.DeserializeMiddleware.
func (a *answer) HandleDeserialize(
	ctx context.Context, in middleware.DeserializeInput, next middleware.DeserializeHandler,
) (middleware.DeserializeOutput, middleware.Metadata, error) {
	out, metadata, err := next.HandleDeserialize(ctx, in)
	if err != nil {
		return out, metadata, err
	}
	resp, ok := out.RawResponse.(*smithyhttp.Response)
	if !ok {
		return out, metadata, errors.New("the answer is not HTTP")
	}
	a.came = true
	if err := a.place(ctx); err != nil {
		return out, metadata, err
	}
	// The SDK reads on where this check stopped, after what was read.
	var head bytes.Buffer
	err = checkHead(io.TeeReader(resp.Body, &head), middleware.GetOperationName(ctx)+"Response")
	resp.Body = rest{Reader: io.MultiReader(&head, resp.Body), Closer: resp.Body}
	return out, metadata, err
}

type rest struct {
	io.Reader
	io.Closer
}

// place waits for a place: for as long as others compute, never for the network.
func (a *answer) place(ctx context.Context) error {
	if a.reading == nil {
		return nil
	}
	select {
	case a.reading <- struct{}{}:
		a.placed = true
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// done gives the place back. With SDK retries off there is one answer for a call.
func (a *answer) done() {
	if a.placed {
		<-a.reading
		a.placed = false
	}
}

// broken takes the SDK's wrapping off an error. What it cannot read of an answer that came is
// Incomplete; its own words about that may repeat parts of the answer.
func (a *answer) broken(err error) error {
	if _, refused := cloud.AsRefusal(err); refused || !a.came || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return notWhole("the answer is not the XML that it should be")
}

// checkHead reads an answer up to its request id, which stands first in those of EC2 and last in
// the small ones of STS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html
func checkHead(body io.Reader, root string) error {
	decoder := xml.NewDecoder(body)
	start, err := nextStart(decoder)
	if err != nil || start.Name.Local != root {
		return notWhole("the answer is no " + root)
	}
	inner := false // inside ResponseMetadata
	for {
		start, err := nextStart(decoder)
		switch {
		case err != nil:
			return notWhole("the answer has no request id")
		case strings.EqualFold(start.Name.Local, "requestId"):
			var id string
			if decoder.DecodeElement(&id, &start) != nil || strings.TrimSpace(id) == "" {
				return notWhole("the answer has no request id")
			}
			return nil
		case start.Name.Local == "ResponseMetadata" && !inner:
			inner = true
		case decoder.Skip() != nil:
			return notWhole("the answer breaks off")
		}
	}
}

// nextStart gives the next element that begins, whatever ends before it.
func nextStart(decoder *xml.Decoder) (xml.StartElement, error) {
	for {
		token, err := decoder.Token()
		if err != nil {
			return xml.StartElement{}, err
		}
		if start, ok := token.(xml.StartElement); ok {
			return start, nil
		}
	}
}

func notWhole(text string) error {
	return &cloud.Refusal{Status: http.StatusOK, Kind: inventory.Incomplete, Text: text}
}
