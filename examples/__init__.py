"""Projects that use Headwater as its users do."""
