"""The desktop studio that tells stories."""
