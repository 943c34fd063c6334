// The program standin is a provider of Terraform that only knows the schema which infra/schemas wrote down, so that
// terraform validate and terraform test work on a module where its provider is out of reach. It makes and reads nothing.
// SCHEMA names the file. It is a Go module of its own: nothing else needs Terraform's plugin protocol.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-go/tfprotov5"
	"github.com/hashicorp/terraform-plugin-go/tfprotov5/tf5server"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

type (
	schema struct {
		Provider        string
		Settings        block
		Resources, Data map[string]block
	}
	block struct {
		Attributes map[string]string
		Blocks     map[string]nested
	}
	nested struct {
		Min, Max int64
		block
	}
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "standin:", err)
		os.Exit(1)
	}
}

func run() error {
	text, err := os.ReadFile(os.Getenv("SCHEMA"))
	if err != nil {
		return err
	}
	var s schema
	if err := json.Unmarshal(text, &s); err != nil {
		return err
	}
	return tf5server.Serve(s.Provider, func() tfprotov5.ProviderServer { return provider{schema: s} })
}

// provider answers what Terraform asks before it asks a cloud; all else is not there.
type provider struct {
	tfprotov5.ProviderServer
	schema schema
}

func (p provider) GetMetadata(context.Context, *tfprotov5.GetMetadataRequest) (*tfprotov5.GetMetadataResponse, error) {
	answer := &tfprotov5.GetMetadataResponse{ServerCapabilities: &tfprotov5.ServerCapabilities{}}
	for name := range p.schema.Resources {
		answer.Resources = append(answer.Resources, tfprotov5.ResourceMetadata{TypeName: name})
	}
	for name := range p.schema.Data {
		answer.DataSources = append(answer.DataSources, tfprotov5.DataSourceMetadata{TypeName: name})
	}
	return answer, nil
}

func (p provider) GetProviderSchema(context.Context, *tfprotov5.GetProviderSchemaRequest) (*tfprotov5.GetProviderSchemaResponse, error) {
	return &tfprotov5.GetProviderSchemaResponse{
		ServerCapabilities: &tfprotov5.ServerCapabilities{},
		Provider:           p.schema.Settings.convert(), ResourceSchemas: convertAll(p.schema.Resources), DataSourceSchemas: convertAll(p.schema.Data),
	}, nil
}

func (provider) GetResourceIdentitySchemas(context.Context, *tfprotov5.GetResourceIdentitySchemasRequest) (*tfprotov5.GetResourceIdentitySchemasResponse, error) {
	return &tfprotov5.GetResourceIdentitySchemasResponse{}, nil
}

func (provider) PrepareProviderConfig(_ context.Context, q *tfprotov5.PrepareProviderConfigRequest) (*tfprotov5.PrepareProviderConfigResponse, error) {
	return &tfprotov5.PrepareProviderConfigResponse{PreparedConfig: q.Config}, nil
}

func (provider) ValidateResourceTypeConfig(context.Context, *tfprotov5.ValidateResourceTypeConfigRequest) (*tfprotov5.ValidateResourceTypeConfigResponse, error) {
	return &tfprotov5.ValidateResourceTypeConfigResponse{}, nil
}

func (provider) ValidateDataSourceConfig(context.Context, *tfprotov5.ValidateDataSourceConfigRequest) (*tfprotov5.ValidateDataSourceConfigResponse, error) {
	return &tfprotov5.ValidateDataSourceConfigResponse{}, nil
}

func (provider) StopProvider(context.Context, *tfprotov5.StopProviderRequest) (*tfprotov5.StopProviderResponse, error) {
	return &tfprotov5.StopProviderResponse{}, nil
}

func convertAll(all map[string]block) map[string]*tfprotov5.Schema {
	converted := map[string]*tfprotov5.Schema{}
	for name, b := range all {
		converted[name] = b.convert()
	}
	return converted
}

func (b block) convert() *tfprotov5.Schema { return &tfprotov5.Schema{Block: b.convertBlock()} }

// convertBlock converts a block; how its inner blocks nest was not written down, and only references to them would tell.
func (b block) convertBlock() *tfprotov5.SchemaBlock {
	converted := &tfprotov5.SchemaBlock{}
	for name, described := range b.Attributes {
		words := strings.Fields(described)
		converted.Attributes = append(converted.Attributes, &tfprotov5.SchemaAttribute{
			Name: name, Type: typeOf(words), Required: slices.Contains(words, "required"), Optional: slices.Contains(words, "optional"),
			Computed: slices.Contains(words, "computed"), Deprecated: slices.Contains(words, "deprecated"),
		})
	}
	for name, inner := range b.Blocks {
		converted.BlockTypes = append(converted.BlockTypes, &tfprotov5.SchemaNestedBlock{
			TypeName: name, Block: inner.convertBlock(), Nesting: tfprotov5.SchemaNestedBlockNestingModeList, MinItems: inner.Min, MaxItems: inner.Max,
		})
	}
	return converted
}

// typeOf returns the type that is among the words of an attribute.
func typeOf(words []string) tftypes.Type {
	simple := map[string]tftypes.Type{"string": tftypes.String, "number": tftypes.Number, "bool": tftypes.Bool}
	for _, word := range words {
		outer, inner, _ := strings.Cut(strings.TrimSuffix(word, ")"), "(")
		of, known := simple[inner]
		switch {
		case simple[word] != nil:
			return simple[word]
		case known && outer == "list":
			return tftypes.List{ElementType: of}
		case known && outer == "set":
			return tftypes.Set{ElementType: of}
		case known && outer == "map":
			return tftypes.Map{ElementType: of}
		}
	}
	return tftypes.DynamicPseudoType
}
