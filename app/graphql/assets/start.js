// Starts GraphiQL on /graphql. The schema is shown to callers with a token: put it in "Headers".
const start = `# Mintage GraphQL. First put your token into "Headers" below:
#   {"Authorization": "Bearer YOUR_TOKEN"}
# then reload the schema (the arrows at the left) and run this:

query Jobs {
  identifier_job(sort: ["-date_created"], limit: 10) {
    id
    reference_id
    type
    quantity
    quantity_created
    status
  }
}
`;
ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: "/graphql" }),
    defaultQuery: start,
    defaultHeaders: '{"Authorization": "Bearer "}',
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false,
  }),
);
