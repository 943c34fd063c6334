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

// answerCheck checks the answer of one call before the SDK parses it, for which an empty body, `{}` and
// any other XML document are successes without rows. From the answer on until it frees it the call has
// its slot. With SDK retries off there is one answer for a call.
type answerCheck struct {
	slot      cloud.Slot
	succeeded bool // an answer came that is a success by its status
}

// ID implements middleware.DeserializeMiddleware.
func (a *answerCheck) ID() string { return "jms-sync answer" }

// HandleDeserialize implements middleware.DeserializeMiddleware.
func (a *answerCheck) HandleDeserialize(
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
	a.succeeded = true
	if err := a.slot.Acquire(ctx); err != nil {
		return out, metadata, err
	}
	// The SDK continues where this check stopped, after what was read.
	var head bytes.Buffer
	err = checkDocument(io.TeeReader(resp.Body, &head), middleware.GetOperationName(ctx)+"Response")
	resp.Body = restOfBody{Reader: io.MultiReader(&head, resp.Body), Closer: resp.Body}
	return out, metadata, err
}

type restOfBody struct {
	io.Reader
	io.Closer
}

// unwrapSDKError returns the error inside the SDK's. A success that the SDK cannot parse is Incomplete; the
// SDK's own text about that may repeat parts of the answer.
func (a *answerCheck) unwrapSDKError(err error) error {
	if _, refused := cloud.AsAPIError(err); refused || !a.succeeded || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return incompleteError("the answer is not the XML that it should be")
}

// checkDocument reads an answer up to its request id, which stands first in those of EC2 and last in
// the small ones of STS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/Query-Requests.html
func checkDocument(body io.Reader, root string) error {
	decoder := xml.NewDecoder(body)
	start, err := nextStartElement(decoder)
	if err != nil || start.Name.Local != root {
		return incompleteError("the answer is no " + root)
	}
	inner := false // inside ResponseMetadata
	for {
		start, err := nextStartElement(decoder)
		switch {
		case err != nil:
			return incompleteError("the answer has no request id")
		case strings.EqualFold(start.Name.Local, "requestId"):
			var id string
			if decoder.DecodeElement(&id, &start) != nil || strings.TrimSpace(id) == "" {
				return incompleteError("the answer has no request id")
			}
			return nil
		case start.Name.Local == "ResponseMetadata" && !inner:
			inner = true
		case decoder.Skip() != nil:
			return incompleteError("the answer breaks off")
		}
	}
}

// nextStartElement returns the next element that begins, whatever ends before it.
func nextStartElement(decoder *xml.Decoder) (xml.StartElement, error) {
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

func incompleteError(text string) error {
	return &cloud.APIError{Status: http.StatusOK, Kind: inventory.Incomplete, Message: text}
}
