"""What tests of users' projects need."""
