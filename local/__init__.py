"""The laptop cloud: MiniStack with IAM enforced, a local SageMaker, and the real SAM CLI deploying the real template."""
