"""What leaves the service, by table: a change of supplier, a person's own data, and a court's."""
